/** Who consumes what, and at which hosts that is served. Pure. */

import type { DubboKey, RegistryService } from '../model';

/** What one application consumes. */
export type ApplicationCalls = ReadonlyMap<string, readonly DubboKey[]>;

/** By application; those who do not say theirs cannot be told apart and are left out. */
export function callsOf(consumers: Iterable<RegistryService>): ApplicationCalls {
  const calls = new Map<string, DubboKey[]>();
  for (const { dubbo, instances } of consumers) {
    if (!dubbo) continue;
    const applications = new Set(instances.map(({ metadata }) => metadata['application'] ?? ''));
    for (const application of applications) {
      if (application === '') continue;
      const known = calls.get(application) ?? [];
      known.push(dubbo);
      calls.set(application, known);
    }
  }
  return calls;
}

/** An interface and where it is served. */
export interface ProvidedInterface {
  readonly dubbo: DubboKey;
  /** `namespace/host` each. */
  readonly hosts: readonly string[];
}

/** By interface. */
export type Hosts = ReadonlyMap<string, readonly ProvidedInterface[]>;

export function hostsOf(provided: Iterable<ProvidedInterface>): Hosts {
  const hosts = new Map<string, ProvidedInterface[]>();
  for (const each of provided) {
    const known = hosts.get(each.dubbo.interface) ?? [];
    known.push(each);
    hosts.set(each.dubbo.interface, known);
  }
  return hosts;
}

/** Hosts of what a consumer asks for. Its group may be a list, and `*` is any, as in Dubbo. */
export function* hostsOfCall(call: DubboKey, hosts: Hosts): Iterable<string> {
  const groups = new Set(call.group.split(','));
  for (const { dubbo, hosts: found } of hosts.get(call.interface) ?? []) {
    const isGroup = groups.has('*') || groups.has(dubbo.group);
    if (isGroup && (call.version === '*' || call.version === dubbo.version)) yield* found;
  }
}
