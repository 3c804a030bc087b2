/** The route configuration of a port: one virtual host per service and per other host of a rule. */

import type { Scope, Service } from '../mesh';
import { hostSubsetOf, isWildcard } from '../mesh/host-names';
import { isHttpOrSniffed } from '../mesh/protocol';
import { mostSpecificRules, rulesForServices } from '../mesh/virtual-services';
import type { IstioObject } from '../read/object';
import { bracketed, type Domains, domainsOf } from './domains';
import { hashOfService, hashPolicies } from './hash';
import { compare } from './match';
import { clusterName, duration, type RoutePb, type RoutesPb, type VirtualHostPb, wrap } from './pb';
import { retryPolicy } from './retry';
import { routesOf } from './route';

type Rule = IstioObject<'VirtualService'>;

/** A virtual host before its domains are known to be free. */
interface Wrapper {
  /** Hosts that are no service. */
  readonly hosts: readonly string[];
  readonly services: readonly Service[];
  readonly routes: readonly RoutePb[];
}

/** `name` is a port number; undefined for other names and for ports that no egress listener takes. */
export function routeConfiguration(scope: Scope, name: string): RoutesPb | undefined {
  if (!/^\d{1,5}$/.test(name)) return undefined;
  const port = Number(name);
  const egress = scope.egress.find((each) => each.port === 0 || each.port === port);
  if (!egress || port === 0) return undefined;
  const services = servicesOnPort(egress.services, port);
  const rules =
    port === 80 ? egress.virtualServices : rulesForServices(egress.virtualServices, new Set(services.keys()));
  const index = mostSpecificRules(egress.virtualServices, egress.services);
  const ruled = rules.flatMap((rule) => ruleWrapper(rule, scope, port, services, index) ?? []);
  const taken = new Set(ruled.flatMap((wrapper) => wrapper.services.map((service) => service.host)));
  const plain = [...services.values()]
    .filter((service) => !taken.has(service.host) && isHttpOrSniffed(service.ports[0]!.protocol))
    .map((service) => serviceWrapper(service, scope, port));
  const virtualHosts = virtualHostsOf([...ruled, ...plain], port, scope.node.dnsDomain);
  virtualHosts.sort((a, b) => compare(a.name!, b.name!));
  return {
    name,
    virtualHosts: [...virtualHosts, catchAll(scope)],
    validateClusters: wrap(false),
    maxDirectResponseBodySizeBytes: wrap(1024 * 1024),
    ignorePortInHostMatching: true,
  };
}

function servicesOnPort(services: readonly Service[], port: number): Map<string, Service> {
  const found = new Map<string, Service>();
  for (const service of services) {
    const ports = service.ports.filter((each) => each.number === port).slice(0, 1);
    const host = service.host.toLowerCase();
    // Of several addresses the first one counts.
    if (ports.length > 0 && !found.has(host)) found.set(host, { ...service, host, ports });
  }
  return found;
}

function ruleWrapper(
  rule: Rule,
  scope: Scope,
  port: number,
  services: ReadonlyMap<string, Service>,
  index: ReadonlyMap<string, Rule>,
): Wrapper | undefined {
  const routes = routesOf({ scope, port, services, rule });
  if (routes.length === 0) return undefined;
  const others: string[] = [];
  const matched: Service[] = [];
  const hosts = rule.spec.hosts ?? [];
  for (const host of hosts.filter((each) => !isWildcard(each))) {
    const service = services.get(host.toLowerCase());
    if (service) matched.push(service);
    else others.push(host);
  }
  for (const wildcard of hosts.filter(isWildcard)) {
    const covered = [...services.values()].filter((service) =>
      hostSubsetOf(service.host, wildcard.toLowerCase()),
    );
    matched.push(...covered.filter((service) => index.get(service.host) === rule));
    if (covered.length === 0) others.push(wildcard.toLowerCase());
  }
  const http = matched.filter((service) => isHttpOrSniffed(service.ports[0]!.protocol));
  // A rule whose hosts are no service counts on port 80 only.
  if (http.length === 0 && port !== 80) return undefined;
  return { hosts: others, services: http, routes };
}

function serviceWrapper(service: Service, scope: Scope, port: number): Wrapper {
  const hash = hashOfService(scope, service.host, port);
  return {
    hosts: [],
    services: [service],
    routes: [
      {
        name: 'default',
        match: { prefix: '/' },
        decorator: { operation: `${service.host}:${port}/*` },
        route: {
          cluster: clusterName(port, '', service.host),
          timeout: duration(0),
          maxGrpcTimeout: duration(0),
          hashPolicy: hashPolicies(hash),
          retryPolicy: retryPolicy(undefined, false),
        },
      },
    ],
  };
}

/** A domain belongs to the first virtual host that names it; one left without domains is dropped. */
function virtualHostsOf(wrappers: readonly Wrapper[], port: number, dnsDomain: string): VirtualHostPb[] {
  const names = new Set<string>();
  const domains = new Set<string>();
  const known = new Set(wrappers.flatMap((each) => each.services.map((service) => service.host)));
  const found: VirtualHostPb[] = [];
  const add = (host: string, candidates: Domains, routes: readonly RoutePb[]) => {
    const name = `${bracketed(host)}:${port}`;
    if (names.has(name)) return;
    names.add(name);
    const free = candidates.all.filter((domain) => {
      if (domains.has(domain.toLowerCase())) return false;
      return !(candidates.derived.has(domain) && known.has(domain));
    });
    for (const domain of free) domains.add(domain.toLowerCase());
    if (free.length === 0) return;
    found.push({ name, domains: [...free], routes: [...routes], includeRequestAttemptCount: true });
  };
  for (const { hosts, services, routes } of wrappers) {
    for (const host of hosts) {
      const lower = host.toLowerCase();
      add(lower, { all: [bracketed(lower)], derived: new Set() }, routes);
    }
    for (const service of services) add(service.host, domainsOf(service, dnsDomain), routes);
  }
  return found;
}

/** What is no service: passed through, or refused under REGISTRY_ONLY. */
function catchAll({ outboundTrafficPolicy }: Scope): VirtualHostPb {
  const allow = outboundTrafficPolicy.mode === 'ALLOW_ANY';
  const name = allow ? 'allow_any' : 'block_all';
  const proxy = outboundTrafficPolicy.egressProxy;
  const cluster = proxy
    ? clusterName(proxy.port?.number ?? 0, proxy.subset ?? '', proxy.host)
    : 'PassthroughCluster';
  const action: RoutePb = allow
    ? { route: { cluster, timeout: duration(0), maxGrpcTimeout: duration(0) } }
    : { directResponse: { status: 502 } };
  return {
    name,
    domains: ['*'],
    routes: [{ name, match: { prefix: '/' }, ...action }],
    includeRequestAttemptCount: true,
  };
}
