/** A per-try timeout that is not shorter than the whole call's has no effect, as in Envoy. Milliseconds; 0 = none. */
export function effectivePerTryMs(perTryMs: number, callMs: number): number {
  if (!(perTryMs > 0)) return 0;
  return callMs > 0 && perTryMs >= callMs ? 0 : perTryMs;
}

/**
 * Milliseconds that an upstream may take, for `x-envoy-expected-rq-timeout-ms`: the smaller of the per-try timeout and
 * what is left of the call's; at least 1. 0 = no timeout, no header.
 */
export function expectedTimeoutMs(perTryMs: number, callMs: number, elapsedMs: number): number {
  const limit = perTryMs > 0 ? perTryMs : callMs;
  if (!(limit > 0)) return 0;
  if (!(callMs > 0)) return Math.floor(limit);
  return Math.max(1, Math.floor(Math.min(limit, callMs - elapsedMs)));
}
