/** Which virtual host or cluster a host belongs to, and if it has none, why. The same tables that the link uses. */

import { DomainTable } from '../worker/domains';
import type { MeshState } from '../worker/mesh-state';
import { fullNames } from '../worker/names';
import type { VirtualHostEntry } from '../worker/routes';

export type Lookup =
  /** The control plane (or the snapshot) does not say. */
  | { readonly kind: 'unknown'; readonly what: 'clusters' | 'routes' }
  /** No cluster is on that port. */
  | { readonly kind: 'no-port'; readonly ports: readonly number[] }
  /** There are clusters on the port, but none of HTTP: no route configuration. */
  | { readonly kind: 'no-routes' }
  | { readonly kind: 'no-virtual-host'; readonly virtualHosts: number }
  /** The snapshot has its name, not its routes: the process that wrote it had not used the host. */
  | { readonly kind: 'not-saved' }
  /** All its routes lead to where the application dialled. */
  | { readonly kind: 'passthrough'; readonly entry: VirtualHostEntry; readonly domain: string }
  | { readonly kind: 'virtual-host'; readonly entry: VirtualHostEntry; readonly domain: string }
  | { readonly kind: 'tls'; readonly cluster: string }
  | { readonly kind: 'tls-passthrough'; readonly cluster: string }
  | { readonly kind: 'no-tls-cluster'; readonly tried: readonly string[] };

/** `host`: lower case, no trailing dot, no port. */
export function lookUpHttp(state: MeshState, port: number, host: string): Lookup {
  if (!state.clustersKnown) return { kind: 'unknown', what: 'clusters' };
  if (!state.clusters.hasPort(port)) return { kind: 'no-port', ports: portsOf(state) };
  const table = state.routes.get(port);
  if (table === undefined) return { kind: 'unknown', what: 'routes' };
  if (table === null) return { kind: 'no-routes' };
  const entry = table.find(host);
  if (entry === undefined) return { kind: 'no-virtual-host', virtualHosts: table.entries.size };
  const domain = matchedDomain(entry, port, host);
  return { kind: state.passesThrough(entry) ? 'passthrough' : 'virtual-host', entry, domain };
}

/** `domain`: the node's, for short names. */
export function lookUpTls(state: MeshState, port: number, host: string, domain: string): Lookup {
  if (!state.clustersKnown) return { kind: 'unknown', what: 'clusters' };
  if (!state.clusters.hasPort(port)) return { kind: 'no-port', ports: portsOf(state) };
  const tried = fullNames(host, domain).map((name) => `outbound|${port}||${name}`);
  const cluster = tried.find((name) => state.clusters.has(name));
  if (cluster === undefined) return { kind: 'no-tls-cluster', tried };
  return { kind: state.isPassThrough(cluster) ? 'tls-passthrough' : 'tls', cluster };
}

function portsOf(state: MeshState): number[] {
  return [...state.clusters.ports].sort((a, b) => a - b);
}

/** Which of a virtual host's domains took the host, in Envoy's order. */
function matchedDomain({ domains }: VirtualHostEntry, port: number, host: string): string {
  const table = new DomainTable(port, domains, (domain) => [domain]);
  return table.find(host) ?? '*';
}
