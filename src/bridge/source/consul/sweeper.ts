/**
 * Reads services one by one over few connections, for catalogues with more services than Consul lets a client wait
 * for. What is known to have changed is read at once; everything, at most once in an interval.
 */

import { Pause, Retry } from '../../http';

/** Questions at a time. */
const WORKERS = 8;
const RETRY = { baseMs: 500, capMs: 15_000 };

export interface SweeperOptions {
  readonly intervalMs: number;
  readonly random: () => number;
  /** Reads one service; rejects when that failed. */
  readonly read: (name: string, signal: AbortSignal) => Promise<void>;
  readonly failed: (name: string, sentence: string) => void;
  /** All services by name, at the time of the call. */
  readonly names: () => Iterable<string>;
}

export class Sweeper {
  private readonly due = new Set<string>();
  private readonly abort = new AbortController();
  private readonly pauses = new Set<Pause>();
  private readonly workers = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: SweeperOptions) {}

  /** These are read as soon as possible. */
  soon(names: Iterable<string>): void {
    for (const name of names) this.due.add(name);
    while (this.workers.size < WORKERS && this.workers.size < this.due.size && !this.abort.signal.aborted) {
      const worker = this.work();
      this.workers.add(worker);
      void worker.then(() => this.workers.delete(worker));
    }
  }

  /** Everything is read when the present interval is over. */
  everything(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.soon(this.options.names());
    }, this.options.intervalMs);
  }

  async stop(): Promise<void> {
    this.abort.abort();
    clearTimeout(this.timer);
    for (const pause of this.pauses) pause.end();
    await Promise.all(this.workers);
  }

  private async work(): Promise<void> {
    const { read, failed, random } = this.options;
    const { signal } = this.abort;
    const retry = new Retry({ ...RETRY, random });
    const pause = new Pause();
    this.pauses.add(pause);
    for (const name of this.due) {
      this.due.delete(name);
      try {
        await read(name, signal);
        retry.good();
      } catch (error) {
        if (signal.aborted) break;
        this.due.add(name);
        failed(name, (error as Error).message);
        await pause.wait(retry.next());
      }
      if (signal.aborted) break;
    }
    this.pauses.delete(pause);
  }
}
