import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import type { Settings } from '../../config';
import type { UnsupportedField } from '../../model';
import { askKey, type Scheme, type WorkerMessage } from '../protocol';
import { KEEPS_TRYING } from '../worker/failure';
import { Link } from '../worker/link';
import { nodeDomain } from '../worker/node';
import { BaseInspection, InspectionError, type InspectionSource } from './inspection';
import { type MeshSummary, summarize } from './summary';

/** Looking again for what has no message of its own (routes of a port): often enough for a person. */
const LOOK_MS = 20;
const TO_DO = 'check INMESH_XDS, that istiod runs, and that its port can be reached from here';

/** The link run on this thread, as the agent's worker would run it: same node, same root, same token. */
export class LiveInspection extends BaseInspection {
  readonly #link: Link;
  readonly #answered = new Set<string>();
  readonly #waiting = new Set<() => void>();
  readonly #started = performance.now();
  #fields: readonly UnsupportedField[] = [];
  #failure: string | undefined;
  #upAt: number | undefined;
  #deadline: number;

  /** `timeoutMs`: for everything that is waited for together. */
  constructor(
    readonly settings: Settings,
    readonly timeoutMs: number,
  ) {
    super(nodeDomain(settings.identity));
    // What goes wrong is said here, in one line.
    setLogVerbosity(logVerbosity.NONE);
    this.#deadline = this.#started + timeoutMs;
    this.#link = new Link({
      start: {
        // Neither read nor written: an inspection leaves the process's snapshot alone.
        settings: { ...settings, snapshotDir: '' },
        nodeName: settings.identity.podName,
        asks: [],
        clusters: [],
      },
      post: (message) => this.#receive(message),
    });
    this.#link.start();
  }

  get source(): InspectionSource {
    const answeredMs = Math.round((this.#upAt ?? performance.now()) - this.#started);
    return { kind: 'control-plane', xds: this.settings.xds, answeredMs };
  }

  protected get state() {
    return this.#link.state;
  }

  protected get uses() {
    return this.#link.uses;
  }

  /** Resolves when the control plane has answered. @throws {InspectionError} when it has not */
  async up(): Promise<void> {
    await this.#until(() => this.#upAt !== undefined && this.state.clustersKnown);
  }

  /** All that the control plane says to this node: the routes of every port, every cluster. */
  async summary(): Promise<MeshSummary> {
    await this.up();
    const ports = [...this.state.clusters.ports];
    for (const port of ports) this.#link.wantRoutes(port);
    await this.#until(() => ports.every((port) => this.state.routes.has(port)));
    return summarize(this.state);
  }

  refused(): readonly UnsupportedField[] {
    return this.#fields.filter(({ field, effect }) => field === '' && effect.startsWith('refused'));
  }

  close(): void {
    this.#link.stop();
  }

  protected async followed(scheme: Scheme, port: number, host: string): Promise<void> {
    const ask = { scheme, port, host };
    this.#link.receive({ type: 'ask', ask });
    await this.#until(() => this.#answered.has(askKey(ask)));
  }

  #receive(message: WorkerMessage): void {
    switch (message.type) {
      case 'state':
        if (message.state === 'up') this.#upAt ??= performance.now();
        break;
      case 'batch':
        for (const answer of message.batch.hosts) this.#answered.add(askKey(answer));
        this.#link.receive({ type: 'batch-read' });
        break;
      case 'unsupported':
        this.#fields = message.fields;
        break;
      case 'log':
        if (message.event === 'link.refused' || message.event === 'link.down')
          this.#failure = message.message.replace(KEEPS_TRYING, TO_DO);
        break;
    }
    for (const look of this.#waiting) look();
  }

  #until(done: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (done()) end(resolve);
        else if (this.#failure !== undefined) end(() => reject(new InspectionError(this.#failure)));
        else if (performance.now() > this.#deadline) end(() => reject(new InspectionError(this.#silence())));
      };
      const timer = setInterval(look, LOOK_MS);
      const end = (action: () => void) => {
        clearInterval(timer);
        this.#waiting.delete(look);
        action();
      };
      this.#waiting.add(look);
      look();
    });
  }

  #silence(): string {
    const what =
      this.#upAt === undefined ? 'did not answer' : 'answered, but not with all that was asked for';
    const { xds } = this.settings;
    return `the control plane ${xds} ${what} within ${this.timeoutMs / 1000} s; check that INMESH_XDS names an istiod's xDS port and that istiod is ready`;
  }
}
