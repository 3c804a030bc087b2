/** A Consul service in one datacenter as a service of the bridge. */

import type { RegistryInstance, RegistryProblem, RegistryService } from '../../model';
import type { ConsulCheck, ConsulEntry } from './answer';

export interface ServiceName {
  /** Enterprise; '' otherwise. */
  readonly namespace: string;
  readonly datacenter: string;
  readonly name: string;
}

export interface Described {
  readonly service: RegistryService;
  /** By instance id. */
  readonly problems: ReadonlyMap<string, RegistryProblem>;
}

/** `dc1/orders`, with an Enterprise namespace `team/dc1/orders`. */
export function keyOf({ namespace, datacenter, name }: ServiceName): string {
  return namespace === '' ? `${datacenter}/${name}` : `${namespace}/${datacenter}/${name}`;
}

/**
 * The datacenter is the service's group and its instances' cluster. Tags become metadata: `a=b` is what Spring Cloud
 * means by it, any other `t` becomes `tag.t: "true"`; what is given as meta has precedence. Undefined when the
 * name stands for nothing but Consul's proxies and gateways.
 */
export function serviceOf(
  name: ServiceName,
  entries: readonly ConsulEntry[],
  warning: boolean,
): Described | undefined {
  const own = entries.filter(({ kind }) => kind === '');
  if (own.length === 0 && entries.length > 0) return undefined;
  const key = keyOf(name);
  const instances: RegistryInstance[] = [];
  const problems = new Map<string, RegistryProblem>();
  for (const entry of own) {
    const instance = instanceOf(entry, name.datacenter, warning);
    if (instance.address !== '') instances.push(instance);
    else {
      const reason = 'neither it nor its node has an address; register it with one';
      problems.set(instance.id, { service: key, instance: instance.id, reason });
    }
  }
  instances.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const { namespace, datacenter } = name;
  const service: RegistryService = {
    ...{ key, kind: 'service', namespace, group: datacenter, name: name.name },
    ...{ metadata: {}, instances },
  };
  return { service, problems };
}

function instanceOf(entry: ConsulEntry, datacenter: string, warning: boolean): RegistryInstance {
  const { id, node, address, port, weights, region, zone, checks, tags, meta } = entry;
  const state = worst(checks);
  return {
    // An id is unique on its node only.
    id: `${node}/${id}`,
    address,
    port,
    weight: state === 'warning' ? weights.warning : weights.passing,
    healthy: state === 'passing' || (warning && state === 'warning'),
    enabled: state !== 'maintenance',
    cluster: entry.datacenter || datacenter,
    ...(region !== '' && { region }),
    ...(zone !== '' && { zone }),
    metadata: { ...metadataOf(tags), ...meta },
  };
}

/** As Consul's AggregatedStatus: maintenance over critical over warning; without checks it passes. */
function worst(checks: readonly ConsulCheck[]): 'maintenance' | 'critical' | 'warning' | 'passing' {
  let state: 'critical' | 'warning' | 'passing' = 'passing';
  for (const { id, status } of checks) {
    if (id === '_node_maintenance' || id.startsWith('_service_maintenance:')) return 'maintenance';
    if (status === 'warning') state = state === 'critical' ? state : 'warning';
    else if (status !== 'passing') state = 'critical';
  }
  return state;
}

function metadataOf(tags: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    tags.map((tag) => {
      const equals = tag.indexOf('=');
      return equals > 0 ? [tag.slice(0, equals), tag.slice(equals + 1)] : [`tag.${tag}`, 'true'];
    }),
  );
}
