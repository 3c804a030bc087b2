import type { HostIndexData } from '../../model';
import type { Log } from '../../observe';
import { type DeltaResponse, TYPE_URL } from '../../xds';
import type { MainMessage, WorkerMessage, WorkerStart } from '../protocol';
import type { ClusterUse, EdsSource } from './cluster-use';
import { Connection } from './connection';
import { makeResolve, type Resolve } from './dns';
import { Follower } from './follower';
import { GarbageAfterPush } from './garbage';
import { MeshState } from './mesh-state';
import { makeNode, nodeDomain } from './node';
import { Outbox } from './outbox';
import { sameIndex } from './routes';
import { SnapshotKeeper } from './snapshot';
import { Subscription } from './subscription';
import { UnsupportedReport } from './unsupported';

/**
 * A name that responses leave out although it was asked for: after this long it counts as not existing (gRPC's
 * resource timer, gRFC A53). istiod answers every name it is asked, if only with an empty resource, so this is for
 * other control planes; shorter, a busy istiod would make endpoints look gone that are on their way.
 */
const ABSENT_AFTER_MS = 15_000;
/** Longest wait for a control plane that does not answer at all, if a snapshot can stand in. */
const SNAPSHOT_AFTER_MS = 500;

export interface LinkOptions {
  readonly start: WorkerStart;
  readonly post: (message: WorkerMessage) => void;
  readonly resolve?: Resolve;
  /** Milliseconds; ABSENT_AFTER_MS unless told. */
  readonly absentAfterMs?: number;
  /** Collects this thread's garbage; without it, V8 does when it likes. */
  readonly collectGarbage?: () => void;
}

/** The worker's side of the link: stream → state → what is in use → messages. */
export class Link {
  readonly #clusters = new Subscription(TYPE_URL.cluster, true);
  readonly #endpoints = new Subscription(TYPE_URL.endpoint, false);
  readonly #routes = new Subscription(TYPE_URL.route, false);
  readonly #state = new MeshState();
  readonly #outbox: Outbox;
  readonly #follower: Follower;
  readonly #connection: Connection;
  readonly #snapshot: SnapshotKeeper;
  readonly #report: UnsupportedReport;
  readonly #garbage: GarbageAfterPush | undefined;
  readonly #edsUsers = new Map<string, Set<string>>();
  readonly #indexes = new Map<number, HostIndexData>();
  readonly #absentTimers = new Map<Subscription, NodeJS.Timeout>();
  #ports = '';
  #snapshotTimer: NodeJS.Timeout | undefined;
  #triedSnapshot = false;

  constructor(readonly options: LinkOptions) {
    const { start, post } = options;
    const { settings, nodeName } = start;
    const log: Log = {
      line: (level, event, message, fields, key) => post({ type: 'log', level, event, message, fields, key }),
    };
    this.#outbox = new Outbox((batch) => post({ type: 'batch', batch }), start.clusters);
    const { collectGarbage } = options;
    this.#garbage = collectGarbage && new GarbageAfterPush({ collect: collectGarbage, now, after });
    this.#report = new UnsupportedReport((fields) => post({ type: 'unsupported', fields }));
    this.#follower = new Follower({
      state: this.#state,
      domain: nodeDomain(settings.identity),
      outbox: this.#outbox,
      eds: this.#eds(),
      dns: { resolve: options.resolve ?? makeResolve(), random: Math.random },
      wantRoutes: (port) => {
        this.#routes.want(String(port));
        this.#connection.update();
      },
      unsupported: (fields) => {
        this.#report.inUse(fields);
        this.#snapshot.note();
      },
    });
    this.#snapshot = new SnapshotKeeper({
      settings,
      state: this.#state,
      follower: this.#follower,
      log,
      now: Date.now,
    });
    this.#connection = new Connection({
      settings,
      node: makeNode(settings.identity, nodeName),
      subscriptions: [this.#clusters, this.#endpoints, this.#routes],
      response: (subscription, response) => this.#take(subscription, response),
      state: (state) => this.#stateChanged(state),
      log,
      now,
      random: Math.random,
    });
    for (const ask of start.asks) this.#follower.ask(ask);
  }

  start(): void {
    if (this.options.start.settings.snapshotDir !== '') {
      this.#snapshotTimer = setTimeout(() => this.#useSnapshot(), SNAPSHOT_AFTER_MS);
    }
    this.#connection.start();
  }

  receive(message: MainMessage): void {
    if (message.type === 'ask') this.#follower.ask(message.ask);
    else this.#outbox.read();
  }

  /** All that the control plane has said. For who runs the link to look inside (`link/inspect`). */
  get state(): MeshState {
    return this.#state;
  }

  /** Clusters of hosts in use, by name. */
  get uses(): ReadonlyMap<string, ClusterUse> {
    return this.#follower.uses;
  }

  /** Follows a port's routes although no host of it is in use. */
  wantRoutes(port: number): void {
    this.#routes.want(String(port));
    this.#connection.update();
  }

  stop(): void {
    clearTimeout(this.#snapshotTimer);
    for (const timer of this.#absentTimers.values()) clearTimeout(timer);
    this.#connection.stop();
    this.#follower.stop();
    this.#snapshot.stop();
    this.#garbage?.stop();
  }

  #stateChanged(state: Connection['state']): void {
    if (state === 'down') this.#useSnapshot();
    this.options.post({ type: 'state', state, hasViews: this.#state.clustersKnown });
  }

  #take(subscription: Subscription, response: DeltaResponse): readonly string[] {
    const { typeUrl } = subscription;
    clearTimeout(this.#snapshotTimer);
    // Kept for a name that was let go meanwhile, it would be what the name gets when it is asked for again.
    const wanted = response.resources.filter(({ name }) => subscription.wants(name));
    const taken = this.#state.take(typeUrl, wanted);
    const gone = this.#state.remove(typeUrl, subscription.answered(response, taken.accepted));
    this.#report.refused(typeUrl, response, taken.refused);
    this.#waitForAbsent(subscription);
    this.#changed(typeUrl, new Set([...taken.changed, ...gone]));
    this.#garbage?.taken(byteLength(response));
    return [...taken.refused].map(([name, reasons]) => {
      const text = reasons.join(', ');
      return text.includes(name) ? text : `${name}: ${text}`;
    });
  }

  /** Tells everybody inside the worker; `names` are resources of the type that are not what they were. */
  #changed(typeUrl: string, names: ReadonlySet<string>): void {
    if (typeUrl === TYPE_URL.endpoint) {
      this.#follower.assignmentsChanged(names);
      if (names.size > 0) this.#snapshot.note();
      return;
    }
    if (typeUrl === TYPE_URL.cluster) this.#sendPorts();
    for (const port of this.#state.routes.keys()) this.#sendIndex(port, names, typeUrl);
    this.#follower.look();
  }

  #sendPorts(): void {
    const ports = [...this.#state.clusters.ports].sort((a, b) => a - b);
    const key = ports.join();
    if (key === this.#ports && key !== '') return;
    this.#ports = key;
    this.options.post({ type: 'ports', ports });
  }

  /** CDS may change what the catch-all route does, RDS everything. */
  #sendIndex(port: number, names: ReadonlySet<string>, typeUrl: string): void {
    const known = this.#indexes.get(port);
    if (known !== undefined && typeUrl === TYPE_URL.route && !names.has(String(port))) return;
    if (known !== undefined && typeUrl === TYPE_URL.cluster && known.catchAll === this.#state.catchAll(port))
      return;
    const index = this.#state.index(port);
    if (index === undefined || (known !== undefined && sameIndex(known, index))) return;
    this.#indexes.set(port, index);
    this.options.post({ type: 'index', port, data: index });
  }

  /** Names that stay unanswered although their type was answered do not exist. */
  #waitForAbsent(subscription: Subscription): void {
    if (subscription.pending.size === 0 || this.#absentTimers.has(subscription)) return;
    const asked = new Set(subscription.pending);
    const timer = setTimeout(() => {
      this.#absentTimers.delete(subscription);
      const absent = [...asked].filter((name) => subscription.pending.has(name));
      for (const name of absent) subscription.absent(name);
      this.#changed(subscription.typeUrl, this.#state.remove(subscription.typeUrl, absent));
      this.#waitForAbsent(subscription);
    }, this.options.absentAfterMs ?? ABSENT_AFTER_MS);
    this.#absentTimers.set(subscription, timer);
  }

  #useSnapshot(): void {
    clearTimeout(this.#snapshotTimer);
    if (this.#triedSnapshot || this.#state.clustersKnown) return;
    this.#triedSnapshot = true;
    if (!this.#snapshot.restore()) return;
    this.#clusters.holdUnclaimed(this.#state.clusters.names());
    // What the snapshot holds of a port is a few hosts: all of it is still to be asked for.
    for (const port of this.#state.routes.keys()) this.#routes.want(String(port));
    this.#connection.update();
    this.#changed(TYPE_URL.cluster, new Set());
    const { state } = this.#connection;
    this.options.post({ type: 'state', state, hasViews: true });
  }

  #eds(): EdsSource {
    return {
      assignment: (name) => this.#state.assignment(name),
      follow: (name, user) => {
        const users = this.#edsUsers.get(name) ?? new Set();
        this.#edsUsers.set(name, users.add(user));
        this.#endpoints.want(name);
        this.#connection.update();
      },
      leave: (name, user) => {
        const users = this.#edsUsers.get(name);
        users?.delete(user);
        if (users === undefined || users.size > 0) return;
        this.#edsUsers.delete(name);
        this.#endpoints.drop(name);
        this.#state.forgetAssignment(name);
        this.#connection.update();
      },
    };
  }
}

function byteLength({ resources }: DeltaResponse): number {
  let bytes = 0;
  for (const { value } of resources) bytes += value.byteLength;
  return bytes;
}

function now(): number {
  return performance.now();
}

function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}
