import type { ResetReason } from './seam';

/** Envoy's RESPONSE_CODE_DETAILS: where an answer comes from. */
export const DETAILS = {
  VIA_UPSTREAM: 'via_upstream',
  NO_HEALTHY_UPSTREAM: 'no_healthy_upstream',
  PER_TRY_TIMEOUT: 'upstream_per_try_timeout',
  RESPONSE_TIMEOUT: 'response_timeout',
  CLUSTER_NOT_FOUND: 'cluster_not_found',
  FAULT_ABORT: 'fault_filter_abort',
  DROP_OVERLOAD: 'drop_overload',
  DIRECT_RESPONSE: 'direct_response',
} as const;

/** Of the 503 after a reset. */
export function resetDetails(reason: ResetReason): string {
  return `upstream_reset_before_response_started{${reason.replace(/-/g, '_')}}`;
}

/** Of a local reply that ends a call before it began, by its flag. */
export function earlyDetails(flag: string): string {
  if (flag.includes('NC')) return DETAILS.CLUSTER_NOT_FOUND;
  if (flag.includes('FI')) return DETAILS.FAULT_ABORT;
  return flag === '' ? DETAILS.DIRECT_RESPONSE : DETAILS.DROP_OVERLOAD;
}
