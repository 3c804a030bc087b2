/** `inmesh bridge migration`: where the instances of each service are, for those who move services into the mesh. */

import type { ServiceReport } from '../catalogue';
import { isServable, originOf, type Rules } from '../convert';
import type { RegistryService } from '../model';

/** One registry service behind one host; numbers of its instances. */
export interface ServiceOrigins {
  /** The host that it is served as; '' when it is not. */
  readonly host: string;
  readonly source: string;
  readonly key: string;
  /** Outside the mesh. */
  readonly outside: number;
  /** Pods of the mesh (`meshCidrs`) that do not say that they have a sidecar. */
  readonly pods: number;
  /** Marked as having a sidecar, or an inmesh agent (`inmesh.sidecar=true`). */
  readonly sidecars: number;
  /** Registered by a bridge for the mesh (`inmesh.origin`); never served. */
  readonly exported: number;
  /** Unhealthy, disabled or of weight 0, wherever they are. */
  readonly down: number;
}

/** By host, then source and key. */
export function originsOf(
  rules: Rules,
  reports: Iterable<ServiceReport>,
  serviceOf: (source: string, key: string) => RegistryService | undefined,
): ServiceOrigins[] {
  const all: ServiceOrigins[] = [];
  for (const { source, key, hosts } of reports) {
    const service = serviceOf(source, key);
    if (!service || service.instances.length === 0) continue;
    const counts = { outside: 0, pods: 0, sidecars: 0, exported: 0, down: 0 };
    for (const instance of service.instances)
      counts[isServable(instance) ? originOf(instance, rules.sources.get(source)!) : 'down']++;
    for (const host of hosts.length > 0 ? hosts : ['']) all.push({ host, source, key, ...counts });
  }
  const order = ({ host, source, key }: ServiceOrigins) =>
    [host === '' ? '\uffff' : host, source, key].join('\n');
  return all.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

const COLUMNS = ['outside', 'pods', 'sidecars', 'exported', 'down'] as const;

/** A table for people, and what it comes to. */
export function migrationText(origins: readonly ServiceOrigins[]): string {
  const name = ({ host }: ServiceOrigins) => host || '(not served)';
  const width = Math.max(4, ...origins.map((each) => name(each).length));
  const row = (host: string, cells: readonly (string | number)[], from: string) =>
    `${host.padEnd(width)}  ${cells.map((cell) => String(cell).padStart(8)).join('  ')}  ${from}`;
  const rows = origins.map((each) =>
    row(
      name(each),
      COLUMNS.map((column) => each[column]),
      `${each.source}/${each.key}`,
    ),
  );
  return [row('host', COLUMNS, 'from'), ...rows, '', summaryOf(origins), ''].join('\n');
}

function summaryOf(origins: readonly ServiceOrigins[]): string {
  const hosts = new Map<string, { inside: boolean; outside: boolean }>();
  for (const { host, outside, pods, sidecars, exported } of origins) {
    if (host === '') continue;
    const known = hosts.get(host) ?? { inside: false, outside: false };
    hosts.set(host, {
      inside: known.inside || pods + sidecars + exported > 0,
      outside: known.outside || outside > 0,
    });
  }
  const count = (is: (each: { inside: boolean; outside: boolean }) => boolean) =>
    [...hosts.values()].filter(is).length;
  const only = count(({ inside, outside }) => outside && !inside);
  const both = count(({ inside, outside }) => outside && inside);
  const moved = count(({ inside, outside }) => inside && !outside);
  return `${hosts.size} ${hosts.size === 1 ? 'host' : 'hosts'}: ${only} outside the mesh only, ${both} on both sides, ${moved} inside only`;
}
