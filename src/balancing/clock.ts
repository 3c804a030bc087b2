/** Time and turns, as balancing needs them. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Runs the work in a later turn of the event loop. */
  soon(work: () => void): void;
}
