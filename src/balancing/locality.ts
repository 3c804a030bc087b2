import { EdfSchedule } from '../cluster';
import type { LocalityHosts } from './host-set';
import type { HostSource } from './priority';

/**
 * The localities of one priority by weight, as Envoy's `locality_weighted_lb_config`: a locality's weight shrinks
 * with its share of eligible hosts once that falls below 1/overprovisioning. `overprovisioning` in percent.
 */
export function localitySchedule(
  localities: readonly LocalityHosts[],
  source: HostSource,
  overprovisioning: number,
): EdfSchedule<LocalityHosts> {
  const weights = new Map(
    localities.map((locality) => [locality, effectiveWeight(locality, source, overprovisioning)]),
  );
  return new EdfSchedule(localities, (locality) => weights.get(locality) ?? 0);
}

function effectiveWeight(locality: LocalityHosts, source: HostSource, overprovisioning: number): number {
  if (locality.all.length === 0) return 0;
  const share = locality[source].length / locality.all.length;
  return locality.weight * Math.min(1, (overprovisioning / 100) * share);
}
