/**
 * Envoy's jittered exponential back-off: uniform in [0, min(base·2^(k-1), max)) milliseconds before retry `k` (from 1).
 * `random` is uniform in [0, 1).
 */
export function backOffMs(k: number, baseMs: number, maxMs: number, random: () => number): number {
  return Math.floor(random() * Math.min(baseMs * 2 ** (k - 1), maxMs));
}
