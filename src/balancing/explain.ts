/** How the endpoints of a cluster share its load, for `inmesh explain`. Nothing here runs during a call. */

import { ClusterState } from '../cluster';
import type { ClusterSnapshot } from '../model';
import { buildHostSets } from './host-set';
import { priorityLoad } from './priority';

export interface PriorityExplanation {
  readonly priority: number;
  /** Percent of the cluster's calls. */
  readonly load: number;
  /** Health is ignored: too few endpoints of this priority are healthy. */
  readonly panic: boolean;
  readonly endpoints: number;
  /** Healthy or degraded. */
  readonly available: number;
}

/** By priority, as a process that has ejected nobody would have it. */
export function explainPriorities({ cluster, endpoints }: ClusterSnapshot): PriorityExplanation[] {
  const state = new ClusterState(cluster.name);
  state.follow(endpoints);
  const sets = buildHostSets(endpoints, state, () => false);
  const load = priorityLoad(sets, endpoints.overprovisioningFactor, cluster.healthyPanicThreshold);
  return sets.map((set, at) => ({
    priority: set.priority,
    load: (load.healthy[at] ?? 0) + (load.degraded[at] ?? 0),
    panic: load.panic[at] ?? false,
    endpoints: set.all.length,
    available: set.healthy.length + set.degraded.length,
  }));
}
