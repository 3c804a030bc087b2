/** A blocking query, by the rules of Consul's documentation ("Blocking Queries", implementation details). */

import { Pause, Retry } from '../../http';
import type { ConsulAgent, ConsulAnswer } from './agent';

/** Between the starts of two questions, however fast Consul's indexes move. The first news after a silence is not delayed. */
const MIN_GAP_MS = 100;
/** A list of 50,000 checks is 25 MB, and each of them that flips brings all of it: not more than 10 MB/s. */
const BYTES_PER_MS = 10_000;
const RETRY = { baseMs: 500, capMs: 15_000 };

export interface WatchEvents {
  /** Something may have changed. Throws a sentence when the answer makes no sense. */
  changed(answer: ConsulAnswer): void;
  /** Every good answer, changed or not. */
  answered(): void;
  /** The question failed, and is asked again by itself. */
  failed(sentence: string): void;
}

export interface WatchOptions {
  readonly agent: ConsulAgent;
  readonly path: string;
  readonly datacenter: string;
  readonly random: () => number;
  readonly now: () => number;
}

export class Watch {
  private readonly abort = new AbortController();
  private readonly pause = new Pause();
  private readonly retry: Retry;
  private readonly ended: Promise<void>;

  /** Begins at once. */
  constructor(
    private readonly options: WatchOptions,
    private readonly events: WatchEvents,
  ) {
    this.retry = new Retry({ ...RETRY, random: options.random });
    this.ended = this.run();
  }

  /** No event comes after the call. Resolves when the connection is free. */
  stop(): Promise<void> {
    this.abort.abort();
    this.pause.end();
    return this.ended;
  }

  private async run(): Promise<void> {
    const { agent, path, datacenter, now } = this.options;
    const { signal } = this.abort;
    let index = 0;
    let known = false;
    while (!signal.aborted) {
      const askedAt = now();
      try {
        const answer = await agent.ask({ path, datacenter, index, signal });
        if (signal.aborted) return;
        // Also an index that went backwards is another one: Consul's state was restored, or another server asked.
        if (!known || answer.index !== index) this.events.changed(answer);
        known = true;
        index = nextIndex(index, answer.index);
        this.retry.good();
        this.events.answered();
        await this.pause.wait(Math.max(0, gapAfter(answer.bytes) - (now() - askedAt)));
      } catch (error) {
        if (signal.aborted) return;
        // The next server may count otherwise.
        index = 0;
        known = false;
        this.events.failed((error as Error).message);
        await this.pause.wait(this.retry.next());
      }
    }
  }
}

/** Least milliseconds between the start of the question that was answered by so much and the next one. */
export function gapAfter(bytes: number): number {
  return Math.max(MIN_GAP_MS, bytes / BYTES_PER_MS);
}

/** Backwards: begin anew, without blocking. Zero would never block, so it counts as one. */
export function nextIndex(before: number, answered: number): number {
  if (answered < before) return 0;
  return Math.max(1, answered);
}
