/**
 * Which host names a port's route configuration serves: a set of 64-bit hashes in one shared buffer, because ten
 * thousand services have sixty thousand names and the main thread must neither copy nor parse them. A false
 * positive costs one question to the worker; a false negative cannot happen.
 */

const SLOT_WORDS = 2;

/** What crosses the message port; the buffer is shared, not copied. */
export interface HostIndexData {
  /** Open-addressed table of (high, low) hash words; (0, 0) is an empty slot. Length is a power of two. */
  readonly slots: Uint32Array;
  /** Domains of the form `*.suffix` and `*-suffix`, without the star. */
  readonly suffixes: readonly string[];
  /** Domains of the form `prefix.*`, without the star. */
  readonly prefixes: readonly string[];
  /** The `*` virtual host does more than pass through (REGISTRY_ONLY, or a rule on `*`): every host is ours. */
  readonly catchAll: boolean;
}

export class HostIndex {
  constructor(readonly data: HostIndexData) {}

  /** `host`: lower case, no trailing dot, no port. */
  mayHold(host: string): boolean {
    const { slots, suffixes, prefixes, catchAll } = this.data;
    if (catchAll) return true;
    if (slots.length > 0 && holds(slots, host)) return true;
    for (const suffix of suffixes) if (host.length > suffix.length && host.endsWith(suffix)) return true;
    for (const prefix of prefixes) if (host.length > prefix.length && host.startsWith(prefix)) return true;
    return false;
  }
}

/** Builds the table. `domains` are Envoy's virtual host domains; `catchAll` as in HostIndexData. */
export function buildHostIndex(domains: Iterable<string>, catchAll: boolean): HostIndexData {
  const exact = new Set<string>();
  const suffixes: string[] = [];
  const prefixes: string[] = [];
  for (const domain of domains) {
    if (domain === '*') continue;
    if (domain.startsWith('*')) suffixes.push(domain.slice(1));
    else if (domain.endsWith('*')) prefixes.push(domain.slice(0, -1));
    else exact.add(domain);
  }
  let capacity = 8;
  while (capacity < exact.size * 2) capacity *= 2;
  const slots = new Uint32Array(new SharedArrayBuffer(capacity * SLOT_WORDS * 4));
  for (const domain of exact) insert(slots, domain);
  return { slots, suffixes, prefixes, catchAll };
}

function holds(slots: Uint32Array, name: string): boolean {
  const mask = slots.length / SLOT_WORDS - 1;
  const low = hash(name, 0x9e3779b9);
  const high = (hash(name, 0x85ebca6b) | 1) >>> 0;
  for (let slot = low & mask; ; slot = (slot + 1) & mask) {
    const at = slot * SLOT_WORDS;
    const found = slots[at];
    if (found === high && slots[at + 1] === low) return true;
    if (found === 0) return false;
  }
}

function insert(slots: Uint32Array, name: string): void {
  const mask = slots.length / SLOT_WORDS - 1;
  const low = hash(name, 0x9e3779b9);
  const high = (hash(name, 0x85ebca6b) | 1) >>> 0;
  for (let slot = low & mask; ; slot = (slot + 1) & mask) {
    const at = slot * SLOT_WORDS;
    if (slots[at] === 0) {
      slots[at] = high;
      slots[at + 1] = low;
      return;
    }
  }
}

/** Murmur3-style mixing of UTF-16 units. */
function hash(text: string, seed: number): number {
  let h = seed;
  for (let i = 0; i < text.length; i++) {
    let k = Math.imul(text.charCodeAt(i), 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  h ^= text.length;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
