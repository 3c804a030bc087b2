/** Weights of a registry as Istio's whole numbers. */

/** So that 4,000 endpoints stay below Envoy's limit of 2³² for their sum. */
const MOST = 1_000_000;

/**
 * 1 stays 1: a Kubernetes endpoint weighs 1, and 1:100 would starve it. Only among fractions all are taken times
 * 100, never below 1. When all are equal they are 1.
 */
export function wholeWeights(weights: readonly number[]): number[] {
  const first = weights[0];
  if (weights.every((weight) => weight === first)) return weights.map(() => 1);
  const factor = weights.every(Number.isInteger) ? 1 : 100;
  return weights.map((weight) => Math.min(MOST, Math.max(1, Math.round(weight * factor))));
}
