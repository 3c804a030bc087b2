/** One interface as a registry service, from what both levels say of it. */

import type { RegistryInstance, RegistryService } from '../model';
import { type InterfaceName, interfaceKey } from './names';
import type { Provider } from './provider';
import { type Override, ruled } from './rules';
import { byId } from './same';
import { combinedStanding, type Standing } from './standing';

/** Where in a registry the services are, in the registry's own levels (Dubbo's group is another thing). */
export interface DubboPlace {
  readonly namespace: string;
  readonly group: string;
  /** Comes before every key. */
  readonly keyPrefix: string;
}

export type DubboLevel = 'interface' | 'application';

/** One interface with group and version: what each owner says of it. */
export interface InterfaceFacts {
  readonly name: InterfaceName;
  readonly levels: Readonly<Record<DubboLevel, Map<string, readonly Provider[]>>>;
  merged: MergedInterface | undefined;
}

export interface MergedInterface {
  readonly service: RegistryService;
  /** One for each instance of the service, in another order: with the instance as it is served. */
  readonly providers: readonly Provider[];
  readonly applications: ReadonlySet<string>;
}

/** Undefined without any provider. */
export function interfaceService(
  { namespace, group, keyPrefix }: DubboPlace,
  { name, levels }: Pick<InterfaceFacts, 'name' | 'levels'>,
  overrides: readonly Override[],
): MergedInterface | undefined {
  const merged = new Map<string, Provider>();
  // The application level wins (registries.md 11), so it comes first; owners in byte order, so that replicas agree.
  for (const level of [levels.application, levels.interface]) {
    const owners = level.size > 1 ? [...level.keys()].sort() : level.keys();
    for (const owner of owners) for (const provider of level.get(owner)!) merge(merged, provider);
  }
  if (merged.size === 0) return undefined;
  const providers = [...merged.values()].map((provider) => withRules(provider, overrides));
  const applications = new Set(providers.map(({ application }) => application).filter((each) => each !== ''));
  const service: RegistryService = {
    key: keyPrefix + interfaceKey(name),
    kind: 'dubbo-interface',
    namespace,
    group,
    name: name.interface,
    dubbo: { ...name, application: [...applications].sort()[0] ?? '' },
    metadata: {},
    instances: providers.map(({ instance }) => instance).sort(byId),
  };
  return { service, providers, applications };
}

function merge(merged: Map<string, Provider>, provider: Provider): void {
  const { id } = provider.instance;
  const known = merged.get(id);
  if (!known) {
    merged.set(id, provider);
    return;
  }
  const standing = combinedStanding(known.instance, provider.instance);
  merged.set(id, {
    ...known,
    application: known.application || provider.application,
    instance: withStanding(known.instance, standing),
  });
}

function withRules(provider: Provider, overrides: readonly Override[]): Provider {
  if (overrides.length === 0) return provider;
  const { instance } = provider;
  return { ...provider, instance: withStanding(instance, ruled(instance, instance, overrides)) };
}

/** The same object when nothing changes. */
function withStanding(instance: RegistryInstance, { weight, enabled }: Standing): RegistryInstance {
  return weight === instance.weight && enabled === instance.enabled
    ? instance
    : { ...instance, weight, enabled };
}
