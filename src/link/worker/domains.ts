import { bareHost } from './names';

/**
 * Which virtual host of a route configuration serves a host, in Envoy's order: exact name, longest `*suffix`,
 * longest `prefix*`, `*`. (Envoy, route_components.proto, VirtualHost.domains: "Domain search order".)
 */
export class DomainTable<T> {
  readonly #exact = new Map<string, T>();
  readonly #suffixes: [string, T][] = [];
  readonly #prefixes: [string, T][] = [];
  #any: T | undefined;

  /** The first virtual host that names a domain keeps it. `port` is the listener's: `host:port` is `host`. */
  constructor(
    readonly port: number,
    virtualHosts: Iterable<{ readonly domains: readonly string[]; readonly item: T }>,
  ) {
    for (const { domains, item } of virtualHosts) for (const domain of domains) this.#add(domain, item);
    const longestFirst = (a: [string, T], b: [string, T]) => b[0].length - a[0].length;
    this.#suffixes.sort(longestFirst);
    this.#prefixes.sort(longestFirst);
  }

  /** The virtual host of `*`. */
  get any(): T | undefined {
    return this.#any;
  }

  find(asked: string): T | undefined {
    const host = bareHost(asked);
    const exact = this.#exact.get(host);
    if (exact !== undefined) return exact;
    // A wildcard needs at least one character: `*.a.b` is not `.a.b`.
    for (const [suffix, item] of this.#suffixes) {
      if (host.length > suffix.length && host.endsWith(suffix)) return item;
    }
    for (const [prefix, item] of this.#prefixes) {
      if (host.length > prefix.length && host.startsWith(prefix)) return item;
    }
    return this.#any;
  }

  /** All names, as the host index wants them: without ports; IPv6 with and without brackets. */
  *names(): Generator<string> {
    for (const name of this.#exact.keys()) {
      yield name;
      if (name.includes(':')) yield `[${name}]`;
    }
    for (const [suffix] of this.#suffixes) yield `*${suffix}`;
    for (const [prefix] of this.#prefixes) yield `${prefix}*`;
  }

  #add(raw: string, item: T): void {
    const domain = plainDomain(raw, this.port);
    if (domain === undefined) return;
    if (domain === '*') this.#any ??= item;
    else if (domain.startsWith('*')) this.#suffixes.push([domain.slice(1), item]);
    else if (domain.endsWith('*')) this.#prefixes.push([domain.slice(0, -1), item]);
    else if (!this.#exact.has(domain)) this.#exact.set(domain, item);
  }
}

/** Lower case, without trailing dot, brackets and the listener's port; undefined for a name on another port. */
function plainDomain(raw: string, port: number): string | undefined {
  let domain = raw.toLowerCase();
  const colon = domain.lastIndexOf(':');
  const bareIpv6 = colon >= 0 && !domain.startsWith('[') && domain.indexOf(':') !== colon;
  if (colon > domain.lastIndexOf(']') && !bareIpv6) {
    if (domain.slice(colon + 1) !== String(port)) return undefined;
    domain = domain.slice(0, colon);
  }
  if (domain.length > 1 && domain.endsWith('.')) domain = domain.slice(0, -1);
  return bareHost(domain);
}
