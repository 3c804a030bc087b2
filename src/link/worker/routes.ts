import { buildHostIndex, type HostIndexData, type UnsupportedField, type VirtualHost } from '../../model';
import { decodeVirtualHost, openRouteConfiguration, virtualHostDomains } from '../../xds';
import { DomainTable } from './domains';
import { keptBytes } from './kept-bytes';

/** A virtual host as bytes, decoded at its first use. Another entry takes its place when its content changes. */
export class VirtualHostEntry {
  #bytes: Uint8Array;
  #decoded:
    | { readonly virtualHost: VirtualHost; readonly unsupported: readonly UnsupportedField[] }
    | undefined;
  #clusters: readonly string[] | undefined;

  constructor(
    readonly configuration: string,
    readonly name: string,
    bytes: Uint8Array,
  ) {
    this.#bytes = bytes;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** The same content in another buffer, so that the former one can go. */
  rebase(bytes: Uint8Array): this {
    this.#bytes = bytes;
    return this;
  }

  /** Lower case. */
  get domains(): readonly string[] {
    return virtualHostDomains(this.#bytes);
  }

  get virtualHost(): VirtualHost {
    return this.#decode().virtualHost;
  }

  get unsupported(): readonly UnsupportedField[] {
    return this.#decode().unsupported;
  }

  /** Clusters that its routes and mirrors name, each once. */
  get clusters(): readonly string[] {
    this.#clusters ??= clustersOf(this.virtualHost);
    return this.#clusters;
  }

  #decode() {
    if (this.#decoded === undefined) {
      const decoded = decodeVirtualHost(this.#bytes, this.configuration);
      if (!decoded.ok) throw new Error(`virtual host ${this.name}: ${decoded.reasons.join('; ')}`);
      this.#decoded = { virtualHost: decoded.value, unsupported: decoded.unsupported };
    }
    return this.#decoded;
  }
}

export function clustersOf(virtualHost: VirtualHost): string[] {
  const names = new Set<string>();
  for (const { action } of virtualHost.routes) {
    if (action.kind !== 'forward') continue;
    for (const { name } of action.clusters) names.add(name);
    for (const { cluster } of action.mirrors) names.add(cluster);
  }
  return [...names];
}

/** One route configuration (RDS `"80"`): virtual hosts as bytes, and who serves which host. Immutable. */
export class RouteTable {
  readonly #domains: DomainTable<VirtualHostEntry>;

  constructor(
    readonly port: number,
    readonly bytes: Uint8Array,
    readonly entries: ReadonlyMap<string, VirtualHostEntry>,
  ) {
    this.#domains = new DomainTable(port, [...entries.values()], ({ domains }) => domains);
  }

  find(host: string): VirtualHostEntry | undefined {
    return this.#domains.find(host);
  }

  /** The virtual host of `*`. */
  get any(): VirtualHostEntry | undefined {
    return this.#domains.any;
  }

  /** `catchAll`: the `*` virtual host does more than pass through. */
  index(catchAll: boolean): HostIndexData {
    return buildHostIndex(this.#domains.names(), catchAll);
  }
}

export interface ReadRoutes {
  readonly table?: RouteTable;
  /** Why parts were not accepted; with a table, the rest of the configuration is good. */
  readonly reasons: readonly string[];
}

/**
 * Reads a route configuration beside its predecessor: unchanged virtual hosts are kept as they are, a bad one keeps
 * its former bytes or is left out, and only what is new is decoded for validation.
 */
export function readRoutes(port: number, received: Uint8Array, former: RouteTable | undefined): ReadRoutes {
  const bytes = keptBytes(received);
  const opened = openRouteConfiguration(bytes);
  if (!opened.ok) return { reasons: opened.reasons };
  const configuration = opened.value.name;
  if (configuration !== String(port)) return { reasons: [`the resource is named "${configuration}" inside`] };
  const reasons: string[] = [];
  const entries = new Map<string, VirtualHostEntry>();
  for (const { name, bytes: part } of opened.value.virtualHosts) {
    if (entries.has(name)) {
      reasons.push(`virtual host ${name} is there twice`);
      continue;
    }
    const known = former?.entries.get(name);
    if (known !== undefined && Buffer.compare(known.bytes, part) === 0) {
      entries.set(name, known.rebase(part));
      continue;
    }
    const decoded = decodeVirtualHost(part, configuration);
    if (decoded.ok) entries.set(name, new VirtualHostEntry(configuration, name, part));
    else {
      reasons.push(...decoded.reasons.map((reason) => `virtual host ${name}: ${reason}`));
      if (known !== undefined) entries.set(name, known.rebase(Buffer.from(known.bytes)));
    }
  }
  return { table: new RouteTable(port, bytes, entries), reasons };
}

/** Tells whether two indices would answer alike. */
export function sameIndex(a: HostIndexData, b: HostIndexData): boolean {
  return (
    a.catchAll === b.catchAll &&
    a.slots.length === b.slots.length &&
    Buffer.compare(bytesOf(a.slots), bytesOf(b.slots)) === 0 &&
    sameStrings(a.suffixes, b.suffixes) &&
    sameStrings(a.prefixes, b.prefixes)
  );
}

export function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

function sameStrings(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}
