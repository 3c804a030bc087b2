/** Names under which a client may call a service: istiod's domains, in its order. */

import { isIP } from 'node:net';
import type { Service } from '../mesh';

export interface Domains {
  readonly all: readonly string[];
  /** Those that only follow from the client's own domain: they give way to a service really named so. */
  readonly derived: ReadonlySet<string>;
}

export function domainsOf(service: Service, dnsDomain: string): Domains {
  const { host, vip } = service;
  const derived = [...(isIP(host) ? [] : [`${host}.`]), ...shortNames(host, dnsDomain)];
  const all = [bracketed(host), ...derived];
  if (vip !== '' && vip !== '0.0.0.0') all.push(bracketed(vip));
  return { all, derived: new Set(derived) };
}

/** Envoy's form of an IPv6 address as a host. */
export function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

function shortNames(host: string, dnsDomain: string): string[] {
  const svc = dnsDomain.indexOf('.svc.');
  if (svc < 0) return sharedDomainNames(host, dnsDomain);
  // Before `.svc.` stands the namespace; what follows must be the same for service and client.
  if (!host.endsWith(dnsDomain.slice(svc))) return [];
  const end = host.indexOf('.svc.');
  const dot = host.indexOf('.');
  if (end <= 0 || dot + 1 > end) return [];
  const withNamespace = host.slice(0, end);
  if (host.slice(dot + 1, end) === dnsDomain.slice(0, svc)) {
    return [host.slice(0, dot), `${withNamespace}.svc`, withNamespace];
  }
  return [withNamespace, `${withNamespace}.svc`];
}

/** Outside Kubernetes' naming: what is left of the name without the common end of both domains. */
function sharedDomainNames(host: string, dnsDomain: string): string[] {
  const parts = host.split('.');
  const own = dnsDomain.split('.');
  let shared = 0;
  while (shared < Math.min(parts.length, own.length) && parts.at(-1 - shared) === own.at(-1 - shared))
    shared++;
  if (shared === 0) return [];
  const unique = parts.slice(0, parts.length - shared);
  const name = unique.join('.');
  return unique.length === 2 ? [name, `${name}.${parts[parts.length - shared]}`] : [name];
}
