/** The hosts of a cluster by priority, health and locality: Envoy's PrioritySet, made anew for every push. */

import type { ClusterState, EndpointState } from '../cluster';
import type { EndpointHealth, LoadAssignment } from '../model';

/** Hosts that may be picked for one reason: healthy, degraded, or (in panic) all of them. */
export interface HostsByHealth {
  readonly all: readonly EndpointState[];
  readonly healthy: readonly EndpointState[];
  readonly degraded: readonly EndpointState[];
}

export interface LocalityHosts extends HostsByHealth {
  readonly weight: number;
}

export interface HostSet extends HostsByHealth {
  readonly priority: number;
  readonly localities: readonly LocalityHosts[];
}

/** `isOut` says which hosts are out for other reasons than what the control plane said (ejection). */
export function buildHostSets(
  assignment: LoadAssignment,
  state: ClusterState,
  isOut: (host: EndpointState) => boolean,
): HostSet[] {
  const byPriority = new Map<number, LocalityHosts[]>();
  assignment.localities.forEach(({ priority, weight }, at) => {
    const hosts = new Hosts();
    for (const host of state.localities[at] ?? []) hosts.add(host, isOut(host));
    const locality = { weight, all: hosts.all, healthy: hosts.healthy, degraded: hosts.degraded };
    const others = byPriority.get(priority);
    if (others === undefined) byPriority.set(priority, [locality]);
    else others.push(locality);
  });
  return [...byPriority]
    .sort(([a], [b]) => a - b)
    .map(([priority, localities]) => ({
      priority,
      localities,
      all: joined(localities, 'all'),
      healthy: joined(localities, 'healthy'),
      degraded: joined(localities, 'degraded'),
    }));
}

function joined(localities: readonly LocalityHosts[], which: keyof HostsByHealth): readonly EndpointState[] {
  return localities.length === 1 ? localities[0]![which] : localities.flatMap((locality) => locality[which]);
}

class Hosts implements HostsByHealth {
  readonly all: EndpointState[] = [];
  readonly healthy: EndpointState[] = [];
  readonly degraded: EndpointState[] = [];

  add(host: EndpointState, out: boolean): void {
    this.all.push(host);
    if (out) return;
    const health = coarseHealth(host.endpoint.health);
    if (health === 'healthy') this.healthy.push(host);
    else if (health === 'degraded') this.degraded.push(host);
  }
}

/** UNKNOWN counts as healthy; a draining endpoint takes nothing new. */
export function coarseHealth(health: EndpointHealth): 'healthy' | 'degraded' | 'unhealthy' {
  switch (health) {
    case 'UNHEALTHY':
    case 'DRAINING':
    case 'TIMEOUT':
      return 'unhealthy';
    case 'DEGRADED':
      return 'degraded';
    default:
      return 'healthy';
  }
}
