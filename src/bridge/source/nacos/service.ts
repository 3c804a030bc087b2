/** Nacos' ServiceInfo as facts of the registry. Pure. */

import type { NacosInstance } from '../../../nacos';
import type { RegistryInstance, RegistryService } from '../../model';

/** What Dubbo registers beside providers; nobody calls these. */
const NOT_SERVICES = /^(?:consumers|routers|configurators):/;

/** Is it a service that somebody may call? */
export function isCallable(name: string): boolean {
  return !NOT_SERVICES.test(name);
}

/** The same; where consumers are wanted, these too. */
export function isWanted(name: string, consumers: boolean): boolean {
  return isCallable(name) || (consumers && name.startsWith('consumers:'));
}

export function serviceKey(namespace: string, group: string, name: string): string {
  return `${namespace}/${group}/${name}`;
}

/** In an order of its own, because Nacos' changes from answer to answer; exact duplicates once. */
export function toInstances(hosts: readonly NacosInstance[]): RegistryInstance[] {
  const sorted = hosts
    .filter((host) => typeof host === 'object' && host !== null)
    .map((host) => toInstance(host))
    .map((instance) => ({ instance, text: JSON.stringify(instance) }))
    .sort((a, b) => compare(a.instance.id, b.instance.id) || compare(a.text, b.text));
  const instances: RegistryInstance[] = [];
  let previous = '';
  let id = '';
  let again = 1;
  for (const { instance, text } of sorted) {
    if (text === previous) continue;
    previous = text;
    again = instance.id === id ? again + 1 : 1;
    id = instance.id;
    // Two publishers of one address that do not agree about it.
    instances.push(again === 1 ? instance : { ...instance, id: `${id}#${again}` });
  }
  return instances;
}

function toInstance(host: NacosInstance): RegistryInstance {
  const cluster = host.clusterName ?? '';
  return {
    // Not Nacos' instanceId: it is missing for some, and of a generator of the application's choice for others.
    id: `${host.ip}#${host.port}#${cluster}`,
    address: String(host.ip),
    port: Number(host.port),
    weight: Number(host.weight ?? 1),
    healthy: host.healthy !== false,
    enabled: host.enabled !== false,
    ...(cluster === '' ? {} : { cluster }),
    metadata: toMetadata(host.metadata),
  };
}

/** As any service; what is Dubbo's in it is for the layer above. */
export function toService(
  namespace: string,
  group: string,
  name: string,
  instances: readonly RegistryInstance[],
): RegistryService {
  const key = serviceKey(namespace, group, name);
  return { key, kind: 'service', namespace, group, name, metadata: {}, instances };
}

/** Keys sorted, values text: anything can be registered. */
function toMetadata(metadata: NacosInstance['metadata']): Readonly<Record<string, string>> {
  if (typeof metadata !== 'object' || metadata === null) return {};
  const entries = Object.entries(metadata).map(([key, value]): [string, string] => [
    key,
    String(value ?? ''),
  ]);
  return Object.fromEntries(entries.sort(([a], [b]) => compare(a, b)));
}

/** By UTF-16 code units, on every machine the same. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
