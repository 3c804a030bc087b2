/**
 * What is decoded into the model but not yet acted upon, with the effect that the operator is told. The room that
 * implements a feature removes its row; nothing else changes.
 */
const NOT_APPLIED = {
  mirror: 'mirrored requests are not sent',
  hashPolicy: 'calls are not bound to endpoints by a hash',
  slowStart: 'new endpoints get their full share of calls at once',
  ringHash: 'calls go to random endpoints',
  maglev: 'calls go to random endpoints',
  dropOverloads: 'no calls are dropped',
  istioMutual: 'hosts of the cluster are not managed: the process has no mesh identity',
  upstreamTls: 'hosts of the cluster are not managed',
  http2: 'hosts of the cluster are not managed',
} as const;

export type NotApplied =
  | 'mirror'
  | 'fault'
  | 'cors'
  | 'hashPolicy'
  | 'slowStart'
  | 'outlierDetection'
  | 'circuitBreakers'
  | 'ringHash'
  | 'maglev'
  | 'dropOverloads'
  | 'istioMutual'
  | 'upstreamTls'
  | 'http2';

/** The effect, or undefined once the feature is done. */
export function notAppliedEffect(feature: NotApplied): string | undefined {
  return (NOT_APPLIED as Partial<Record<NotApplied, string>>)[feature];
}
