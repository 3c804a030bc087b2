/**
 * The instances of a mesh host as a list (decision 23): headers and paths are not known when a list is asked for, so
 * it holds every destination that some route of the host can reach.
 */

import type { ClusterSnapshot, HostService, Locality } from '../model';
import { addressKey, type MeshInstance } from './instance';

/** Names of the clusters that calls of the host may go to, in the order of its routes. */
export function clustersOf(service: HostService): readonly string[] {
  if (service.kind === 'tls') return [service.cluster];
  const names = new Set<string>();
  for (const { action } of service.virtualHost.routes) {
    if (action.kind !== 'forward') continue;
    for (const { name, weight } of action.clusters) if (weight > 0) names.add(name);
  }
  return [...names];
}

/**
 * Every endpoint that takes traffic, once, nearest first (decision 23: locality orders, it never drops), with weights
 * whose mean is 1.
 */
export function instancesOf(
  snapshots: readonly ClusterSnapshot[],
  host: string,
  servicePort: number,
  home: Locality,
): readonly MeshInstance[] {
  const found = new Map<string, MeshInstance>();
  for (const { endpoints } of snapshots) {
    for (const { locality, endpoints: members } of endpoints.localities) {
      for (const { address: ip, port, weight, health } of members) {
        if (health !== 'UNKNOWN' && health !== 'HEALTHY' && health !== 'DEGRADED') continue;
        const key = addressKey(ip, port);
        if (!found.has(key)) found.set(key, { key, ip, port, weight, host, servicePort, locality });
      }
    }
  }
  const all = [...found.values()];
  const mean = all.reduce((sum, { weight }) => sum + weight, 0) / all.length;
  return all
    .map((instance) => ({ ...instance, weight: instance.weight / mean }))
    .sort((a, b) => distance(a.locality, home) - distance(b.locality, home));
}

/** 0 = the same sub-zone … 3 = another region. */
function distance(there: Locality, home: Locality): number {
  if (home.region === '' || there.region !== home.region) return 3;
  if (there.zone !== home.zone) return 2;
  return there.subZone === home.subZone ? 0 : 1;
}
