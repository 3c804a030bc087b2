import type { EndpointState } from '../../cluster';
import type { HostSet, LocalityHosts } from '../host-set';
import { weightOf } from '../picker';
import type { HostSource } from '../priority';
import type { WeightedHost } from './table';

/**
 * The hosts of one priority with their shares, as Envoy's thread-aware balancers see them: by weight, and where
 * localities have weights, each locality's share by its hosts' weights. Localities of weight 0 take nothing.
 */
export function sharesOf(set: HostSet, source: HostSource, localityWeighted: boolean): WeightedHost[] {
  if (!localityWeighted) return within(set[source], 1);
  const filled = set.localities.filter((locality) => locality.weight > 0 && locality[source].length > 0);
  const total = filled.reduce((sum, { weight }) => sum + weight, 0);
  return filled.flatMap((locality: LocalityHosts) => within(locality[source], locality.weight / total));
}

function within(hosts: readonly EndpointState[], share: number): WeightedHost[] {
  const total = hosts.reduce((sum, host) => sum + weightOf(host), 0);
  return hosts.map((host) => ({ host, share: (weightOf(host) * share) / total }));
}
