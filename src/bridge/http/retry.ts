/** Times between failed attempts. */

export interface RetryOptions {
  /** Of the first wait, milliseconds. */
  readonly baseMs: number;
  /** Of the longest wait, milliseconds. */
  readonly capMs: number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

/** Exponential with jitter: uniform in [w/2, w), w = min(cap, base · 2^n). Half of it is certain, so that nothing spins. */
export class Retry {
  private failures = 0;

  constructor(private readonly options: RetryOptions) {}

  good(): void {
    this.failures = 0;
  }

  /** Milliseconds until the next attempt. */
  next(): number {
    const { baseMs, capMs, random } = this.options;
    const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(this.failures, 30));
    this.failures++;
    return ceiling * (0.5 + random() / 2);
  }
}
