/** Writes the snapshot some time after changes, one write at a time. */

import type { SnapshotConfig } from './config';
import { writeSnapshot } from './file';

export interface SnapshotEvents {
  written(bytes: number, ms: number): void;
  /** Told once per reason, until a write succeeds. */
  failed(reason: string): void;
}

/** The pause between two writes is at least so many times what the last one took. */
const COST_FACTOR = 10;

export class SnapshotKeeper {
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;
  private dirty = false;
  private lastMs = 0;
  private lastFailure = '';

  constructor(
    private readonly config: SnapshotConfig,
    /** The state as it is now, as plain data. */
    private readonly take: () => unknown,
    private readonly events: SnapshotEvents,
  ) {}

  changed(): void {
    this.dirty = true;
    this.schedule();
  }

  /** Writes what is not written yet and stops. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.writing;
    clearTimeout(this.timer);
    if (this.dirty) await this.write();
  }

  private schedule(): void {
    if (this.timer || this.writing) return;
    const wait = Math.max(this.config.debounceMs, this.lastMs * COST_FACTOR);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.writing = this.write().finally(() => {
        this.writing = undefined;
        if (this.dirty) this.schedule();
      });
    }, wait);
  }

  private async write(): Promise<void> {
    const { file, maxBytes } = this.config;
    this.dirty = false;
    const start = performance.now();
    try {
      const bytes = await writeSnapshot(file, this.take(), maxBytes, Date.now());
      this.lastMs = performance.now() - start;
      this.lastFailure = '';
      this.events.written(bytes, this.lastMs);
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.lastFailure) this.events.failed(message);
      this.lastFailure = message;
    }
  }
}
