/** One of the two ways to the backends: a client process, with Envoy before it or the preload in it. */

import { once } from 'node:events';
import { join } from 'node:path';
import { cleanEnvironment, LabProcess } from '../../../lab';

/** A request as the client process sends it. */
export interface Wanted {
  readonly method: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | number;
  readonly pieces?: { readonly every: number; readonly texts: readonly string[] };
  readonly pauseMs?: number;
  /** Envoy's port. */
  readonly via?: number;
}

/** What came back. */
export interface Outcome {
  readonly status: number;
  readonly reason: string;
  /** Names and values in turn, as on the wire. */
  readonly headers: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
  /** Code of the error that ended the call; empty when none did. */
  readonly error: string;
  readonly ms: number;
}

interface Answer {
  readonly id: number;
  readonly outcomes: readonly Outcome[];
}

export class Side {
  private readonly process: LabProcess;
  private readonly waiting = new Map<number, (outcomes: readonly Outcome[]) => void>();
  private readonly ready: Promise<unknown>;
  private last = 0;

  /** `entrances`: Envoy's port by the mesh's port; undefined under the preload. */
  constructor(
    name: string,
    env: Readonly<Record<string, string>>,
    private readonly entrances: ReadonlyMap<number, number> | undefined,
  ) {
    this.process = new LabProcess(name, process.execPath, [join(__dirname, 'client.js')], {
      env: cleanEnvironment(env),
      ipc: true,
    });
    this.ready = once(this.process.child, 'message');
    this.process.child.on('message', (answer: Answer) => {
      this.waiting.get(answer.id)?.(answer.outcomes);
      this.waiting.delete(answer.id);
    });
  }

  get log(): string {
    return this.process.log;
  }

  async send(requests: readonly Wanted[], together: boolean): Promise<readonly Outcome[]> {
    await this.ready;
    const { entrances } = this;
    const id = ++this.last;
    const answered = new Promise<readonly Outcome[]>((resolve) => this.waiting.set(id, resolve));
    this.process.child.send({
      id,
      together,
      requests: requests.map((each) =>
        entrances === undefined ? each : { ...each, via: entrances.get(each.port) },
      ),
    });
    return answered;
  }

  async stop(): Promise<void> {
    await this.process.kill();
  }
}
