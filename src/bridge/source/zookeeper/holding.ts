/** A set with a clock: what is gone is let go when its time has come. */

import { Held } from './held';

export interface HoldOptions<V> {
  readonly now: () => number;
  /** For how long what is gone now stays, ms. */
  readonly hold: () => number;
  /** What was let go; the set is already without it. */
  readonly gone: (values: ReadonlyMap<string, V>) => void;
}

export class Holding<V> {
  private readonly held = new Held<V>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: HoldOptions<V>) {}

  /** Takes what is there now. `gone` may be called at once, when there is no delay. */
  set(fresh: ReadonlyMap<string, V>): void {
    const now = this.options.now();
    this.held.set(fresh, now + this.options.hold());
    this.expire(now);
  }

  get(key: string): V | undefined {
    return this.held.get(key);
  }

  keys(): string[] {
    return this.held.keys();
  }

  /** With what is gone but still held. */
  values(): V[] {
    return this.held.values();
  }

  end(): void {
    clearTimeout(this.timer);
  }

  private expire(now: number): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const gone = this.held.expire(now);
    const { next } = this.held;
    if (next !== undefined)
      this.timer = setTimeout(() => this.expire(this.options.now()), Math.max(1, next - now));
    if (gone.size > 0) this.options.gone(gone);
  }
}
