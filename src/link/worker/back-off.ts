/** Times between attempts to reach the control plane. */

const BASE_MS = 100;
const CAP_MS = 1_500;
/** An outage older than this is tried at a leisurely pace: a thousand processes wait for the same control plane. */
const LONG_OUTAGE_MS = 60_000;
const LONG_CAP_MS = 15_000;
/** A stream that ends this soon after its first answer counts as a failure, else two seconds of a crashing
 * control plane would be twenty full downloads. */
const SHORT_LIVED_MS = 1_000;

/**
 * Full jitter: uniform in [0, min(cap, base * 2^n)). Base 100 ms; cap 1.5 s in the first minute of an outage, then
 * 15 s. A good answer ends the outage.
 */
export class BackOff {
  #failures = 0;
  #outageSince: number | undefined;
  #goodSince: number | undefined;

  constructor(
    readonly now: () => number,
    readonly random: () => number,
  ) {}

  /** Failed attempts in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** The current stream has answered. */
  good(): void {
    if (this.#goodSince !== undefined) return;
    this.#goodSince = this.now();
    this.#outageSince = undefined;
  }

  /** The current attempt or stream is over. Returns the milliseconds to wait before the next. */
  next(): number {
    const now = this.now();
    if (this.#goodSince !== undefined && now - this.#goodSince >= SHORT_LIVED_MS) this.#failures = 0;
    this.#goodSince = undefined;
    this.#outageSince ??= now;
    const cap = now - this.#outageSince < LONG_OUTAGE_MS ? CAP_MS : LONG_CAP_MS;
    const ceiling = Math.min(cap, BASE_MS * 2 ** Math.min(this.#failures, 16));
    this.#failures++;
    return this.random() * ceiling;
  }
}
