import { promises as dns, lookup as systemLookup } from 'node:dns';
import { isIP } from 'node:net';
import type { Cluster } from '../../model';

export type Family = NonNullable<Cluster['dns']>['family'];

export interface Resolution {
  /** IP addresses in the order of the answer, each once. */
  readonly addresses: readonly string[];
  /** Milliseconds the answer may be kept; undefined if the answer did not say. */
  readonly ttlMs?: number;
}

/** Resolves a name. Rejects when it does not resolve; never resolves to no address. */
export type Resolve = (host: string, family: Family) => Promise<Resolution>;

/** getaddrinfo runs on libuv's four threads, which the application shares. */
const MOST_LOOKUPS = 2;

/**
 * The system's way (hosts file, search domains), as the application would resolve it; the record's TTL is asked
 * beside it, for a lookup does not tell it.
 */
export function makeResolve(): Resolve {
  let running = 0;
  const waiting: (() => void)[] = [];
  const take = () => (running++ < MOST_LOOKUPS ? undefined : new Promise<void>((go) => waiting.push(go)));
  const release = () => {
    running--;
    waiting.shift()?.();
  };
  return async (host, family) => {
    if (isIP(host) !== 0) return { addresses: [host] };
    const ttl = recordTtl(host, family);
    await take();
    try {
      const addresses = await lookup(host, family);
      const ttlMs = await ttl;
      return ttlMs === undefined ? { addresses } : { addresses, ttlMs };
    } finally {
      release();
    }
  };
}

function lookup(host: string, family: Family): Promise<string[]> {
  const options = { all: true, family: family === 'v4' ? 4 : family === 'v6' ? 6 : 0 } as const;
  return new Promise((resolve, reject) => {
    systemLookup(host, options, (error, found) => {
      if (error !== null) reject(error);
      else if (found.length === 0) reject(new Error(`${host} has no address`));
      else resolve([...new Set(found.map(({ address }) => address))]);
    });
  });
}

/** The shortest TTL of the name's records; undefined when DNS itself does not know the name (a hosts file may). */
async function recordTtl(host: string, family: Family): Promise<number | undefined> {
  const resolver = new dns.Resolver({ timeout: 1_000, tries: 1 });
  try {
    const records =
      family === 'v6'
        ? await resolver.resolve6(host, { ttl: true })
        : await resolver.resolve4(host, { ttl: true });
    const seconds = Math.min(...records.map(({ ttl }) => ttl));
    return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
  } catch {
    // Only the TTL is lost: the cluster's own refresh rate applies.
    return undefined;
  }
}
