import { isIP } from 'node:net';
import type { Cluster, LoadAssignment } from '../../model';
import type { Resolution, Resolve } from './dns';

/** A TTL of a second is honoured, a shorter one would be a busy loop of all processes at once. */
const SHORTEST_REFRESH_MS = 1_000;
const DEFAULT_REFRESH_MS = 60_000;
const JITTER = 0.1;

export interface DnsOptions {
  readonly resolve: Resolve;
  readonly random: () => number;
  /** The endpoints changed; also called after the first answer of all names, whatever it was. */
  readonly changed: () => void;
}

/** What is known of one name: its addresses, and how often in a row it could not be resolved. */
interface Name {
  addresses: readonly string[];
  failures: number;
  answered: boolean;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Endpoints of a STRICT_DNS or LOGICAL_DNS cluster: each host name's addresses in place of the name. Refreshed by
 * TTL or the cluster's rate, with jitter; when a name fails, its last good addresses stay.
 * STRICT_DNS takes all addresses, LOGICAL_DNS the first (Envoy, service_discovery.rst).
 */
export class DnsEndpoints {
  readonly #names = new Map<string, Name>();
  #stopped = false;

  constructor(
    readonly cluster: Cluster,
    readonly options: DnsOptions,
    /** The same cluster before a change: what it had resolved stays good until there is something newer. */
    former?: DnsEndpoints,
  ) {
    for (const { endpoints } of cluster.inlineEndpoints?.localities ?? []) {
      for (const { address } of endpoints) {
        if (isIP(address) !== 0 || this.#names.has(address)) continue;
        const known = former === undefined ? undefined : former.#names.get(address);
        const { addresses = [], answered = false } = known ?? {};
        this.#names.set(address, { addresses, failures: 0, answered, timer: undefined });
      }
    }
    for (const [host, name] of this.#names) void this.#refresh(host, name);
  }

  /** Every name has been answered once. */
  get ready(): boolean {
    for (const name of this.#names.values()) if (!name.answered) return false;
    return true;
  }

  get endpoints(): LoadAssignment {
    const inline = this.cluster.inlineEndpoints ?? emptyAssignment(this.cluster.name);
    const seen = new Set<string>();
    const localities = inline.localities.map((locality) => ({
      ...locality,
      endpoints: locality.endpoints.flatMap((endpoint) => {
        const known = this.#names.get(endpoint.address);
        if (known === undefined) return [endpoint];
        return known.addresses
          .filter(
            (address) => !seen.has(`${address} ${endpoint.port}`) && seen.add(`${address} ${endpoint.port}`),
          )
          .map((address) => ({ ...endpoint, address, hostname: endpoint.hostname ?? endpoint.address }));
      }),
    }));
    return { ...inline, localities };
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#names.values()) clearTimeout(timer);
  }

  async #refresh(host: string, name: Name): Promise<void> {
    const { family = 'v4', respectTtl = false, refreshMs = DEFAULT_REFRESH_MS } = this.cluster.dns ?? {};
    const resolution = await this.options.resolve(host, family).catch(() => undefined);
    if (this.#stopped) return;
    const before = this.#take(name, resolution);
    const waitMs =
      resolution === undefined
        ? Math.min(refreshMs, SHORTEST_REFRESH_MS * 2 ** Math.min(name.failures - 1, 10))
        : ((respectTtl ? resolution.ttlMs : undefined) ?? refreshMs);
    const jittered = Math.max(waitMs, SHORTEST_REFRESH_MS) * (1 + JITTER * this.options.random());
    name.timer = setTimeout(() => void this.#refresh(host, name), jittered);
    if (before) this.options.changed();
  }

  /** Books an answer (undefined = failure); true if the listener should look. */
  #take(name: Name, resolution: Resolution | undefined): boolean {
    const first = !name.answered;
    name.answered = true;
    if (resolution === undefined) {
      name.failures++;
      return first;
    }
    name.failures = 0;
    const all =
      this.cluster.discovery === 'LOGICAL_DNS' ? resolution.addresses.slice(0, 1) : resolution.addresses;
    // Round-robin DNS turns the order with every answer: only another set is a change.
    const addresses = [...all].sort();
    const same =
      addresses.length === name.addresses.length && addresses.every((a, i) => a === name.addresses[i]);
    name.addresses = addresses;
    return first || !same;
  }
}

export function emptyAssignment(clusterName: string): LoadAssignment {
  return { clusterName, localities: [], overprovisioningFactor: 140, dropOverloads: [] };
}
