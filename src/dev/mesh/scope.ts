/** What one node sees: exportTo, the Sidecar that holds for it, and what its egress hosts import. */

import type { EgressListener, Sidecar } from '../api';
import type { IstioObject } from '../read/object';
import { DestinationRules, selects } from './destination-rules';
import { hostSubsetOf, hostsMatch } from './host-names';
import type { NodeView } from './node';
import type { Service } from './service';
import { destinationPorts } from './virtual-services';
import { ROOT_NAMESPACE, type World } from './world';

type Rule = IstioObject<'VirtualService'>;

/** Services and VirtualServices of one egress listener. */
export interface Egress {
  /** 0 = every port. */
  readonly port: number;
  readonly services: readonly Service[];
  readonly virtualServices: readonly Rule[];
}

export interface Scope {
  readonly node: NodeView;
  /** Everything that has clusters, in order; one per host. */
  readonly services: readonly Service[];
  readonly egress: readonly Egress[];
  readonly outboundTrafficPolicy: NonNullable<Sidecar['outboundTrafficPolicy']>;
  service(host: string): Service | undefined;
  destinationRule(host: string): IstioObject<'DestinationRule'> | undefined;
}

export function scopeOf(world: World, node: NodeView): Scope {
  const visible = orderByVisibility(world.services, node.namespace, (service) => service.exportTo);
  const rules = orderByVisibility(
    world.virtualServices.filter(bindsMesh),
    node.namespace,
    (r) => r.spec.exportTo ?? [],
  );
  const sidecar = sidecarOf(world, node);
  const listeners = sidecar?.egress?.length ? sidecar.egress : [{ hosts: ['*/*'] }];
  const egress = listeners.map((listener) => egressOf(listener, visible, rules, node));
  const byHost = new Map<string, Service>();
  for (const each of egress) {
    for (const service of each.services) append(byHost, service);
    for (const rule of each.virtualServices) {
      for (const service of destinationsOf(rule, each, world, visible, node)) append(byHost, service);
    }
  }
  const destinationRules = new DestinationRules(world.destinationRules);
  const found = new Map<string, IstioObject<'DestinationRule'> | undefined>();
  return {
    node,
    services: [...byHost.values()],
    egress,
    outboundTrafficPolicy: sidecar?.outboundTrafficPolicy ?? { mode: 'ALLOW_ANY' },
    service: (host) => byHost.get(host),
    destinationRule(host) {
      const service = byHost.get(host);
      if (!service) return undefined;
      if (!found.has(host)) found.set(host, destinationRules.find(host, service.namespace, node));
      return found.get(host);
    },
  };
}

/** Private ones first, then those exported to the namespace by name, then public ones. */
function orderByVisibility<T extends { readonly namespace: string }>(
  all: readonly T[],
  namespace: string,
  exportToOf: (each: T) => readonly string[],
): T[] {
  const local: T[] = [];
  const named: T[] = [];
  const open: T[] = [];
  for (const each of all) {
    const exportTo = exportToOf(each);
    if (exportTo.length === 0 || exportTo.includes('*')) open.push(each);
    else if (exportTo.includes('~')) continue;
    else if (each.namespace === namespace && (exportTo.includes('.') || exportTo.includes(namespace)))
      local.push(each);
    else if (exportTo.includes(namespace)) named.push(each);
  }
  return [...local, ...named, ...open];
}

function bindsMesh(rule: Rule): boolean {
  const gateways = rule.spec.gateways ?? [];
  return gateways.length === 0 || gateways.includes('mesh');
}

/** Of the node's namespace: one that selects its workload, else one for all; else the root namespace's. */
function sidecarOf(world: World, node: NodeView): Sidecar | undefined {
  const own = world.sidecars.filter((each) => each.namespace === node.namespace);
  const chosen =
    own.find(({ spec }) => spec.workloadSelector && selects(spec.workloadSelector.labels, node.labels)) ??
    own.find(({ spec }) => !spec.workloadSelector) ??
    world.sidecars.find((each) => each.namespace === ROOT_NAMESPACE && !each.spec.workloadSelector);
  return chosen?.spec;
}

interface Imports {
  readonly hosts: string[];
  readonly excluded: string[];
}

function importsOf(listener: EgressListener, node: NodeView): Map<string, Imports> {
  const imports = new Map<string, Imports>();
  for (const each of listener.hosts) {
    const slash = each.indexOf('/');
    let namespace = each.slice(0, slash);
    const excluded = namespace.startsWith('~') && namespace !== '~';
    if (excluded) namespace = namespace.slice(1);
    if (namespace === '.') namespace = node.namespace;
    const found = imports.get(namespace) ?? { hosts: [], excluded: [] };
    imports.set(namespace, found);
    (excluded ? found.excluded : found.hosts).push(each.slice(slash + 1));
  }
  return imports;
}

function egressOf(
  listener: EgressListener,
  services: readonly Service[],
  rules: readonly Rule[],
  node: NodeView,
): Egress {
  const imports = importsOf(listener, node);
  const everywhere = imports.get('*');
  const port = listener.port?.protocol?.toUpperCase() === 'HTTP_PROXY' ? 0 : (listener.port?.number ?? 0);
  const imported = services.flatMap((service) => {
    const here = imports.get(service.namespace);
    const isExcluded = [here, everywhere].some((each) =>
      each?.excluded.some((host) => hostSubsetOf(service.host, host)),
    );
    if (isExcluded) return [];
    const isImported = [here, everywhere].some((each) =>
      each?.hosts.some((host) => hostSubsetOf(service.host, host)),
    );
    return isImported ? (onlyPort(service, port) ?? []) : [];
  });
  const virtualServices = rules.filter((rule) =>
    (rule.spec.hosts ?? []).some((host) => {
      const lists = [imports.get(rule.namespace), everywhere];
      if (lists.some((each) => each?.excluded.some((excluded) => hostSubsetOf(host, excluded)))) return false;
      return lists.some((each) => each?.hosts.some((wanted) => hostsMatch(host, wanted)));
    }),
  );
  return { port, services: oneNamespacePerHost(imported, node), virtualServices };
}

/** Of services with one host in several namespaces the node's own counts, else the first. */
function oneNamespacePerHost(services: readonly Service[], node: NodeView): Service[] {
  const chosen = new Map<string, string>();
  for (const { host, namespace } of services) {
    if (!chosen.has(host) || namespace === node.namespace) chosen.set(host, namespace);
  }
  return services.filter((service) => chosen.get(service.host) === service.namespace);
}

function onlyPort(service: Service, port: number): Service | undefined {
  if (port === 0) return service;
  const ports = service.ports.filter((each) => each.number === port).slice(0, 1);
  if (ports.length === 0) return undefined;
  return service.ports.length === 1 ? service : { ...service, ports };
}

/** Destinations of a rule are imported even when no egress host names them. */
function destinationsOf(
  rule: Rule,
  egress: Egress,
  world: World,
  visible: readonly Service[],
  node: NodeView,
): Service[] {
  const found: Service[] = [];
  for (const [host, ports] of destinationPorts(rule.spec, node.namespace)) {
    const service =
      world.services.find((each) => each.host === host && each.namespace === node.namespace) ??
      visible.filter((each) => each.host === host).sort((a, b) => (a.namespace < b.namespace ? -1 : 1))[0];
    if (!service) continue;
    if (egress.port > 0) {
      const limited = onlyPort(service, egress.port);
      if (limited) found.push(limited);
    } else if (ports.size === 0 || ports.has(0) || service.ports.every((port) => ports.has(port.number))) {
      found.push(service);
    } else {
      const limited = service.ports.filter((port) => ports.has(port.number));
      if (limited.length > 0) found.push({ ...service, ports: limited });
    }
  }
  return found;
}

/** The first service of a host counts; further ones of the same kind add their ports. */
function append(byHost: Map<string, Service>, service: Service): void {
  const existing = byHost.get(service.host);
  if (!existing) {
    byHost.set(service.host, service);
    return;
  }
  if (existing === service || existing.mergeKey !== service.mergeKey) return;
  const known = new Set(existing.ports.map((port) => port.number));
  const further = service.ports.filter((port) => !known.has(port.number));
  if (further.length > 0) byHost.set(service.host, { ...existing, ports: [...existing.ports, ...further] });
}
