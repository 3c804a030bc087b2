let clock: { now(): number } | undefined;

/**
 * Monotonic milliseconds. Loaded with the first call: it costs a millisecond that the preload must not. Not the
 * global of that name, which an application may have replaced.
 */
export function now(): number {
  clock ??= require('node:perf_hooks').performance as { now(): number };
  return clock.now();
}
