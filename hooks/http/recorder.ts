/** What was written of a request, framed as it goes over the wire, so that another attempt can send it again. */

import type { Output } from './internals';

/** All calls of the process together (decision 18). */
const PROCESS_LIMIT_BYTES = 64 * 1024 * 1024;
let processBytes = 0;

type Callback = NonNullable<Output['callback']>;

class Entry {
  done = false;

  constructor(
    readonly data: string | Uint8Array,
    readonly encoding: string | null,
    readonly callback: Callback | null,
    private readonly recorder: Recorder,
  ) {}

  /**
   * What Node calls when the bytes are out. A failure is kept back: another attempt will report success, or the
   * request as a whole fails, and says so by itself.
   */
  written(error?: Error | null): void {
    if (this.done || (error && this.recorder.holding)) return;
    this.done = true;
    this.callback?.(error);
  }
}

export class Recorder {
  /** Failures of writes are not told: another attempt is possible. */
  holding = true;
  private entries: Entry[] | undefined = [];
  private bytes = 0;

  constructor(private readonly limit: number) {}

  /** Everything so far is here. */
  get complete(): boolean {
    return this.entries !== undefined;
  }

  /** There was no body so far. */
  get empty(): boolean {
    return this.bytes === 0;
  }

  /** Keeps a write; returns the callback to hand to Node in its place. */
  record(data: string | Uint8Array, encoding: string | null, callback: Callback | null): Callback | null {
    const { entries } = this;
    if (entries === undefined) return callback;
    const { length } = data;
    if (length === 0 && callback === null) return null;
    if (this.bytes + length > this.limit || processBytes + length > PROCESS_LIMIT_BYTES) {
      this.drop();
      return callback;
    }
    this.bytes += length;
    processBytes += length;
    // The application may use its buffer again once the write is done.
    const kept = typeof data === 'string' || length === 0 ? data : Buffer.from(data);
    const entry = new Entry(kept, encoding, callback, this);
    entries.push(entry);
    return callback === null ? null : (error) => entry.written(error);
  }

  /** The writes again, as output that waits for a socket. */
  replay(): Output[] {
    const output: Output[] = [];
    for (const entry of this.entries ?? []) {
      const { data, encoding, callback } = entry;
      const again = callback === null || entry.done ? null : (error?: Error | null) => entry.written(error);
      if (data.length > 0 || again !== null) output.push({ data, encoding, callback: again });
    }
    return output;
  }

  /** The writes again, for somebody of whom the application does not hear. */
  copy(): Output[] {
    const output: Output[] = [];
    for (const { data, encoding } of this.entries ?? []) {
      if (data.length > 0) output.push({ data, encoding, callback: null });
    }
    return output;
  }

  /** No other attempt will need it. */
  drop(): void {
    this.holding = false;
    this.entries = undefined;
    processBytes -= this.bytes;
    this.bytes = 0;
  }
}

/** Bytes held by all recorders; for tests. */
export function recordedBytes(): number {
  return processBytes;
}
