/** One application as a registry service: each port of each of its processes, with what all its services say alike. */

import type { RegistryInstance, RegistryService } from '../model';
import type { ApplicationInstance } from './application';
import type { DubboPlace, InterfaceFacts } from './interface-service';
import { Interning } from './interning';
import { withKnownInstances } from './known';
import { applicationKey } from './names';
import { instanceId } from './provider';
import { byId } from './same';
import { DEFAULT_WEIGHT } from './standing';

/** Parameters of an interface, not of the application. */
const OF_AN_INTERFACE: ReadonlySet<string> = new Set([
  ...['interface', 'group', 'version', 'methods', 'path', 'revision', 'weight', 'disabled', 'enabled'],
  ...['generic', 'side', 'category', 'providerAddresses'],
]);

interface Port {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: string;
  /** What the registry has of the process; undefined when only its interfaces are known. */
  instance: ApplicationInstance | undefined;
  /** Of its interfaces; undefined while none is known. */
  weight: number | undefined;
  enabled: boolean;
  common: Map<string, string> | undefined;
}

/** One application: what is known of it. */
export interface ApplicationFacts {
  /** By owner. */
  readonly instances: Map<string, ApplicationInstance>;
  /** Interfaces of which it has providers. */
  readonly interfaces: Set<InterfaceFacts>;
  reported: RegistryService | undefined;
}

/** Undefined without any port. Processes that provide nothing (revision 0) are not counted. */
export function applicationService(
  { namespace, group, keyPrefix }: DubboPlace,
  name: string,
  { instances, interfaces, reported }: ApplicationFacts,
): RegistryService | undefined {
  const ports = new Map<string, Port>();
  for (const owner of [...instances.keys()].sort()) addInstance(ports, instances.get(owner)!);
  for (const { merged } of interfaces) {
    for (const { application, instance } of merged?.providers ?? [])
      if (application === name) addProvider(ports, instance);
  }
  if (ports.size === 0) return undefined;
  const known = reported?.instances ?? [];
  const interning = new Interning(known);
  const told = [...ports.values()].map((port) => toInstance(port, interning)).sort(byId);
  return {
    key: keyPrefix + applicationKey(name),
    kind: 'dubbo-application',
    namespace,
    group,
    name,
    dubbo: { interface: '', group: '', version: '', application: name },
    metadata: {},
    instances: withKnownInstances(known, told),
  };
}

function addInstance(ports: Map<string, Port>, instance: ApplicationInstance): void {
  if (instance.revision === '' || instance.revision === '0') return;
  for (const { port, protocol } of instance.endpoints)
    portAt(ports, instance.address, port, protocol).instance ??= instance;
}

/** A process is as heavy as the heaviest of its services, and off when all of them are: a rule for one service leaves the others alone. */
function addProvider(ports: Map<string, Port>, instance: RegistryInstance): void {
  const { id, address, port: number, protocol = 'dubbo', weight, enabled, metadata } = instance;
  const port = ports.get(id) ?? portAt(ports, address, number, protocol);
  const isFirst = port.weight === undefined;
  if (isFirst || (enabled && !port.enabled)) {
    port.weight = weight;
    port.enabled = enabled;
  } else if (enabled === port.enabled) port.weight = Math.max(port.weight!, weight);
  if (!port.common) {
    port.common = new Map(Object.entries(metadata).filter(([key]) => !OF_AN_INTERFACE.has(key)));
    return;
  }
  for (const [key, value] of port.common) if (metadata[key] !== value) port.common.delete(key);
}

function portAt(ports: Map<string, Port>, address: string, number: number, protocol: string): Port {
  const id = instanceId(protocol, address, number);
  let port = ports.get(id);
  if (!port) {
    port = {
      id,
      address,
      port: number,
      protocol,
      instance: undefined,
      weight: undefined,
      enabled: true,
      common: undefined,
    };
    ports.set(id, port);
  }
  return port;
}

function toInstance(port: Port, interning: Interning): RegistryInstance {
  const { id, address, port: number, protocol, instance, weight = DEFAULT_WEIGHT, enabled, common } = port;
  const entries = [...(common ?? []), ...Object.entries(instance?.metadata ?? {})].sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return {
    id,
    address,
    port: number,
    weight,
    healthy: instance?.healthy ?? true,
    enabled: enabled && (instance?.enabled ?? true),
    protocol,
    metadata: interning.of(Object.fromEntries(entries)),
  };
}
