/** Which traffic policy holds for a cluster: rule, port and subset laid over each other as istiod does. */

import type { DestinationRule, Subset, TrafficPolicy } from '../api';

/** Port level settings replace the rule's: what they leave out is the default, not the rule's. */
export function policyAtPort(policy: TrafficPolicy | undefined, port: number): TrafficPolicy | undefined {
  const found = policy?.portLevelSettings?.find((each) => each.port.number === port);
  if (!found) return policy;
  const { port: _, ...settings } = found;
  return settings;
}

export function policyOfSubset(
  rule: TrafficPolicy | undefined,
  subset: TrafficPolicy | undefined,
  port: number,
): TrafficPolicy | undefined {
  const base = policyAtPort(rule, port);
  if (!subset) return base;
  const over = policyAtPort(subset, port)!;
  if (!base) return over;
  const { loadBalancer, connectionPool, outlierDetection, tls, retryBudget } = base;
  // With port level settings of the subset nothing of these four is inherited.
  if (over !== subset) return { retryBudget, ...over };
  return {
    loadBalancer: over.loadBalancer ?? loadBalancer,
    connectionPool: over.connectionPool ?? connectionPool,
    outlierDetection: over.outlierDetection ?? outlierDetection,
    tls: over.tls ?? tls,
    retryBudget: over.retryBudget ?? retryBudget,
  };
}

export function subsetOf(rule: DestinationRule | undefined, name: string): Subset | undefined {
  return name === '' ? undefined : rule?.subsets?.find((each) => each.name === name);
}
