import { NameTable } from '../../model';
import { bareHost } from './names';

/**
 * Which virtual host of a route configuration serves a host, in Envoy's order: exact name, longest `*suffix`,
 * longest `prefix*`, `*`. (Envoy, route_components.proto, VirtualHost.domains: "Domain search order".)
 */
export class DomainTable<T> {
  readonly #exact = new NameTable();
  readonly #suffixes: [string, T][] = [];
  readonly #prefixes: [string, T][] = [];
  #any: T | undefined;

  /** The first item that names a domain keeps it. `port` is the listener's: `host:port` is `host`. */
  constructor(
    readonly port: number,
    readonly items: readonly T[],
    /** Raw, lower case; asked again for each look-up. */
    readonly domainsOf: (item: T) => readonly string[],
  ) {
    for (const [owner, item] of items.entries())
      for (const domain of this.#plainDomains(item)) this.#add(domain, item, owner);
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
    const owner = this.#exact.find(host, (each) => this.#plainDomains(this.items[each]!).includes(host));
    if (owner !== undefined) return this.items[owner];
    // A wildcard needs at least one character: `*.a.b` is not `.a.b`.
    for (const [suffix, item] of this.#suffixes) {
      if (host.length > suffix.length && host.endsWith(suffix)) return item;
    }
    for (const [prefix, item] of this.#prefixes) {
      if (host.length > prefix.length && host.startsWith(prefix)) return item;
    }
    return this.#any;
  }

  /** All names, as the host index wants them: without ports; IPv6 with and without brackets. Some come twice. */
  *names(): Generator<string> {
    for (const item of this.items) {
      for (const name of this.#plainDomains(item)) {
        yield name;
        if (name.includes(':')) yield `[${name}]`;
      }
    }
  }

  #plainDomains(item: T): string[] {
    const domains: string[] = [];
    for (const raw of this.domainsOf(item)) {
      const domain = plainDomain(raw, this.port);
      if (domain !== undefined) domains.push(domain);
    }
    return domains;
  }

  #add(domain: string, item: T, owner: number): void {
    if (domain === '*') this.#any ??= item;
    else if (domain.startsWith('*')) this.#suffixes.push([domain.slice(1), item]);
    else if (domain.endsWith('*')) this.#prefixes.push([domain.slice(0, -1), item]);
    else this.#exact.add(domain, owner);
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
