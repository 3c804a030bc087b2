import { getHeapStatistics } from 'node:v8';

/** Less garbage than this is not worth a collection. */
const LARGE_BYTES = 1024 * 1024;
/** A big push comes in several responses, one after the other. */
const QUIET_MS = 1_000;
const SHORTEST_INTERVAL_MS = 30_000;

export interface GarbageAfterPushOptions {
  readonly collect: () => void;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Calls back after so many milliseconds; what it returns prevents that. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

/**
 * V8 collects when something is allocated. A worker that has taken a big push and then waits keeps the garbage of
 * it for good: 20 to 40 MiB of ten thousand services. This has it collected when the push is over.
 */
export class GarbageAfterPush {
  #cancel: (() => void) | undefined;
  #lastCollected = Number.NEGATIVE_INFINITY;

  constructor(readonly options: GarbageAfterPushOptions) {}

  /** A response of so many bytes has been taken. */
  taken(bytes: number): void {
    if (bytes < LARGE_BYTES) return;
    const { now, after, collect } = this.options;
    this.stop();
    this.#cancel = after(Math.max(QUIET_MS, this.#lastCollected + SHORTEST_INTERVAL_MS - now()), () => {
      this.#lastCollected = now();
      collect();
    });
  }

  stop(): void {
    this.#cancel?.();
  }
}

/**
 * Has V8 collect this thread's heap: 11 to 23 ms among ten thousand services. It does so when it is asked for memory
 * outside the heap that exceeds half of the heap's limit (V8, Heap::HandleExternalMemoryInterrupt). Nobody touches
 * that memory (it is not even zeroed), so it is address space and nothing else; the next collection takes it back.
 */
export function collectGarbage(): void {
  try {
    Buffer.allocUnsafeSlow(getHeapStatistics().heap_size_limit / 2);
  } catch {
    // No address space for it (ulimit -v): the garbage stays until V8 collects by itself.
  }
}
