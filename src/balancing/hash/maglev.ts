/**
 * Envoy's MAGLEV: hosts take turns in filling a table of prime size, each along a permutation of its own; a key's hash
 * modulo the size is its place.
 */

import { type EndpointState, type U64, xxHash64 } from '../../cluster';
import {
  type HashTable,
  hashKeyOf,
  remainder,
  STEPS,
  type TableBuild,
  utf8,
  type WeightedHost,
} from './table';

const EMPTY = 0xffffffff;
/** Hosts whose places are worked out in one step. */
const HASHES_AT_ONCE = 64;
/** Seed of the hash that a host's steps come from. */
const SECOND: U64 = { hi: 0, lo: 1 };

class Maglev implements HashTable {
  constructor(
    private readonly places: Uint32Array,
    private readonly hosts: readonly EndpointState[],
  ) {}

  choose(key: U64, attempt: number): EndpointState | undefined {
    const place = remainder(attempt === 0 ? key : changed(key, attempt), this.places.length);
    return this.hosts[this.places[place] as number];
  }
}

/** Most bits change, so that attempts spread: Envoy's exclusive or with 2^64 - attempt. */
function changed({ hi, lo }: U64, attempt: number): U64 {
  return { hi: (hi ^ 0xffffffff) >>> 0, lo: (lo ^ -attempt) >>> 0 };
}

/** `tableSize` is prime. */
export function* buildMaglev(weighted: readonly WeightedHost[], tableSize: number): TableBuild {
  const sortedHosts = weighted
    .map(({ host, share }) => ({ host, share, key: hashKeyOf(host) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const count = sortedHosts.length;
  const next = new Uint32Array(count);
  const skip = new Uint32Array(count);
  const turn = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    if (i % HASHES_AT_ONCE === 0) yield;
    const name = utf8(sortedHosts[i]!.key);
    next[i] = remainder(xxHash64(name), tableSize);
    skip[i] = remainder(xxHash64(name, SECOND), tableSize - 1) + 1;
  }
  const greatest = weighted.reduce((max, { share }) => Math.max(max, share), 0);
  const places = new Uint32Array(tableSize).fill(EMPTY);
  let probes = 0;
  for (let filled = 0, round = 1; filled < tableSize; round++) {
    for (let i = 0; i < count && filled < tableSize; i++) {
      // The heaviest host has a turn in each round, one of a third of its weight in each third.
      if (round * sortedHosts[i]!.share < turn[i]!) continue;
      turn[i]! += greatest;
      let place = next[i]!;
      for (; places[place] !== EMPTY; probes++) {
        place += skip[i]!;
        if (place >= tableSize) place -= tableSize;
        if (probes % (8 * STEPS) === 0) yield;
      }
      places[place] = i;
      place += skip[i]!;
      next[i] = place >= tableSize ? place - tableSize : place;
      if (++filled % STEPS === 0) yield;
    }
  }
  return new Maglev(
    places,
    sortedHosts.map(({ host }) => host),
  );
}
