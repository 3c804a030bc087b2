import type { EndpointState } from '../cluster';

/** Uniform in [0, 1). */
export type Random = () => number;

/** One policy over one list of hosts that are all eligible. */
export interface Picker {
  /** undefined only when there are no hosts. `now`: monotonic milliseconds. */
  pick(random: Random, now: number): EndpointState | undefined;
}

/** Whether all hosts weigh the same: then policies need no weights. */
export function sameWeights(hosts: readonly EndpointState[]): boolean {
  const first = hosts[0]?.endpoint.weight;
  return hosts.every((host) => host.endpoint.weight === first);
}

/** The weight of a host; what cannot be a weight counts as 1. */
export function weightOf(host: EndpointState): number {
  const { weight } = host.endpoint;
  return weight > 0 ? weight : 1;
}
