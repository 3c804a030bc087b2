/**
 * What is decoded into the model but not yet acted upon, with the effect that the operator is told. The room that
 * implements a feature removes its row; nothing else changes.
 */
const NOT_APPLIED = {
  istioMutual: 'hosts of the cluster are not managed: the process has no mesh identity',
  http2: 'hosts of the cluster are not managed',
} as const;

export type NotApplied = 'mirror' | 'fault' | 'cors' | 'circuitBreakers' | 'istioMutual' | 'http2';

/** The effect, or undefined once the feature is done. */
export function notAppliedEffect(feature: NotApplied): string | undefined {
  return (NOT_APPLIED as Partial<Record<NotApplied, string>>)[feature];
}
