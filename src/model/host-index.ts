/**
 * Which host names a port's route configuration serves: a set of 64-bit hashes in one shared buffer, because ten
 * thousand services have sixty thousand names and the main thread must neither copy nor parse them. A false
 * positive costs one question to the worker; a false negative cannot happen.
 */

import { hashName } from './name-hash';
import { GrowingSlots, SLOT_WORDS, slotHash } from './slots';

const HIGH_SEED = 0x85ebca6b;

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
  const suffixes: string[] = [];
  const prefixes: string[] = [];
  const growing = new GrowingSlots();
  for (const domain of domains) {
    if (domain === '*') continue;
    if (domain.startsWith('*')) suffixes.push(domain.slice(1));
    else if (domain.endsWith('*')) prefixes.push(domain.slice(0, -1));
    else growing.add(highWord(domain), slotHash(domain));
  }
  const slots = new Uint32Array(new SharedArrayBuffer(growing.words.byteLength));
  slots.set(growing.words);
  return { slots, suffixes, prefixes, catchAll };
}

function holds(slots: Uint32Array, name: string): boolean {
  const mask = slots.length / SLOT_WORDS - 1;
  const low = slotHash(name);
  const high = highWord(name);
  for (let slot = low & mask; ; slot = (slot + 1) & mask) {
    const at = slot * SLOT_WORDS;
    const found = slots[at];
    if (found === high && slots[at + 1] === low) return true;
    if (found === 0) return false;
  }
}

/** Never 0, which is an empty slot's. */
function highWord(name: string): number {
  return (hashName(name, HIGH_SEED) | 1) >>> 0;
}
