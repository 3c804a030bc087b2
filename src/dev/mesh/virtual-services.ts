/** Looks at VirtualServices that do not depend on a port. */

import type { Destination, HttpMatch, VirtualService } from '../api';
import type { IstioObject } from '../read/object';
import { hostsMatch, isWildcard, mostSpecific } from './host-names';
import type { Service } from './service';

type Rule = IstioObject<'VirtualService'>;

/** Hosts a rule sends to, with the ports named; port 0 = any. Routes for other namespaces do not count. */
export function destinationPorts(spec: VirtualService, namespace: string): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>();
  const add = (destination: Destination | undefined) => {
    if (!destination) return;
    const ports = found.get(destination.host) ?? new Set<number>();
    found.set(destination.host, ports.add(destination.port?.number ?? 0));
  };
  for (const route of spec.http ?? []) {
    if (!concerns(route.match, namespace)) continue;
    for (const each of route.route ?? []) add(each.destination);
    add(route.mirror);
    for (const each of route.mirrors ?? []) add(each.destination);
  }
  return found;
}

function concerns(matches: readonly HttpMatch[] | undefined, namespace: string): boolean {
  if (!matches || matches.length === 0) return true;
  return matches.some(({ sourceNamespace }) => !sourceNamespace || sourceNamespace === namespace);
}

/** For each service the rule with the most specific host, when that host is a wildcard or the service's own. */
export function mostSpecificRules(rules: readonly Rule[], services: readonly Service[]): Map<string, Rule> {
  const byHost = new Map<string, Rule>();
  for (const rule of rules) {
    for (const host of rule.spec.hosts ?? []) if (!byHost.has(host)) byHost.set(host, rule);
  }
  const index = new Map<string, Rule>();
  for (const { host } of services) {
    const key = mostSpecific(host, byHost.keys());
    if (key !== undefined) index.set(host, byHost.get(key)!);
  }
  return index;
}

/** Rules of which at least one host is, or covers, a service of the port. */
export function rulesForServices(rules: readonly Rule[], hosts: ReadonlySet<string>): Rule[] {
  const wildcards = [...hosts].filter(isWildcard);
  return rules.filter((rule) =>
    (rule.spec.hosts ?? []).some((given) => {
      const host = given.toLowerCase();
      if (hosts.has(host)) return true;
      const candidates = isWildcard(host) ? [...hosts] : wildcards;
      return candidates.some((each) => hostsMatch(host, each));
    }),
  );
}
