/** From changes of the content to renderings, at a pace that the bridge can hold. */

import type { ServedContent } from '../model';
import { SIDECAR } from './kind';
import { Rendering } from './rendering';

/** One stream's side of a publication. */
export interface Subscriber {
  /** A new rendering is there. `since`: when the first news in it came (ms, monotonic). */
  published(since: number): void;
}

export interface PublisherOptions {
  readonly content: ServedContent;
  /** Least time between two renderings, milliseconds. */
  readonly minPushIntervalMs: number;
  /** Milliseconds, monotonic; the clock of `ServedContent.onChange`. */
  readonly now: () => number;
  /** Calls back once after so many milliseconds; gives a way to take it back. The process's timers if absent. */
  readonly after?: (ms: number, callback: () => void) => () => void;
  /** Told of each rendering that differs from the one before. */
  readonly onRendered?: (rendered: Rendered) => void;
}

export interface Rendered {
  readonly changed: number;
  readonly resources: number;
  /** Encoding and hashing, milliseconds. */
  readonly ms: number;
}

/** The interval is at least so many times what the last rendering cost: pushing never takes the whole process. */
const COST_FACTOR = 4;
/** But not longer than this, milliseconds: on a machine that is overloaded a rendering seems to cost seconds. */
const LONGEST_INTERVAL_MS = 1_000;

export class Publisher {
  private rendering: Rendering | undefined;
  private readonly subscribers = new Set<Subscriber>();
  private readonly leave: () => void;
  private changed = new Set<string>();
  /** Of the news that are in no rendering yet; undefined: there are none. */
  private since: number | undefined;
  private notBefore = 0;
  private undoTimer: (() => void) | undefined;
  private readonly after: NonNullable<PublisherOptions['after']>;

  constructor(private readonly options: PublisherOptions) {
    const { content, now, after = afterTimeout } = options;
    this.after = after;
    if (content.snapshot) this.since = now();
    this.leave = content.onChange((names, receivedAt) => this.onChange(names, receivedAt));
  }

  /** Undefined while the gate is closed. */
  current(): Rendering | undefined {
    if (!this.rendering && this.since !== undefined) this.render();
    return this.rendering;
  }

  /** What is served of the kind is not known yet, so that its question waits. */
  awaits(kind: string): boolean {
    return kind === SIDECAR && this.options.content.awaitsSidecars === true;
  }

  subscribe(subscriber: Subscriber): () => void {
    this.subscribers.add(subscriber);
    return () => this.subscribers.delete(subscriber);
  }

  stop(): void {
    this.leave();
    this.undoTimer?.();
    this.undoTimer = undefined;
  }

  private onChange(names: ReadonlySet<string>, receivedAt: number): void {
    for (const name of names) this.changed.add(name);
    this.since = Math.min(this.since ?? receivedAt, receivedAt);
    if (this.undoTimer) return;
    const wait = this.notBefore - this.options.now();
    // The first news after a quiet time go out at once; what follows is collected.
    if (wait <= 0) this.publish();
    else this.undoTimer = this.after(wait, () => this.publish());
  }

  private publish(): void {
    this.undoTimer?.();
    this.undoTimer = undefined;
    const { since } = this;
    if (since === undefined || !this.render()) return;
    for (const each of this.subscribers) each.published(since);
  }

  /** False: nothing to show, or nothing that was not shown before. */
  private render(): boolean {
    const { content, now, minPushIntervalMs, onRendered } = this.options;
    const snapshot = content.snapshot;
    if (!snapshot) return false;
    const start = now();
    const before = this.rendering;
    this.rendering = Rendering.of(snapshot, before);
    const ms = now() - start;
    this.notBefore = now() + Math.max(minPushIntervalMs, Math.min(ms * COST_FACTOR, LONGEST_INTERVAL_MS));
    const changed = this.changed.size;
    this.changed = new Set();
    this.since = undefined;
    if (before?.version === this.rendering.version) return false;
    onRendered?.({ changed, resources: this.rendering.size, ms });
    return true;
  }
}

function afterTimeout(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}
