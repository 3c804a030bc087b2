let clock: { now(): number } | undefined;

/** Monotonic milliseconds. Node makes `performance` when it is first looked at, for a millisecond: not in the preload. */
export function now(): number {
  clock ??= globalThis.performance;
  return clock.now();
}
