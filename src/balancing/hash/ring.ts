/**
 * Envoy's RING_HASH (ketama): each host stands on a ring of 2^64 points at the hashes of `address:port_0`,
 * `address:port_1`, …; a key belongs to the first point at or after its hash.
 */

import { type EndpointState, NO_SEED, type U64, xxHash64Into } from '../../cluster';
import { type HashTable, hashKeyOf, STEPS, type TableBuild, utf8, type WeightedHost } from './table';

/** Points by their hash, ascending. */
class Ring implements HashTable {
  constructor(
    private readonly points: Points,
    private readonly hosts: readonly EndpointState[],
  ) {}

  choose({ hi, lo }: U64, attempt: number): EndpointState | undefined {
    const { high, low, owner } = this.points;
    const size = owner.length;
    let from = 0;
    let to = size;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const at = high[middle] as number;
      if (at < hi || (at === hi && (low[middle] as number) < lo)) from = middle + 1;
      else to = middle;
    }
    return this.hosts[owner[((from === size ? 0 : from) + attempt) % size] as number];
  }
}

class Points {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  /** Position of the host. */
  readonly owner: Uint32Array;
  constructor(size: number) {
    this.high = new Uint32Array(size);
    this.low = new Uint32Array(size);
    this.owner = new Uint32Array(size);
  }
}

/** Sizes in points. Hosts get points by their share; the least weighted one a whole number of them. */
export function* buildRing(
  weighted: readonly WeightedHost[],
  minimumSize: number,
  maximumSize: number,
): TableBuild {
  const least = weighted.reduce((min, { share }) => Math.min(min, share), 1);
  const scale = Math.min(Math.ceil(least * minimumSize) / least, maximumSize);
  const points = new Points(countPoints(weighted, scale));
  let count = 0;
  let target = 0;
  for (let at = 0; at < weighted.length; at++) {
    const { host, share } = weighted[at] as WeightedHost;
    const key = new PointKey(hashKeyOf(host));
    target += scale * share;
    for (let i = 0; count < target; i++, count++) {
      const length = key.number(i);
      xxHash64Into(key.bytes, length, NO_SEED, points.high, points.low, count);
      points.owner[count] = at;
      if (count % STEPS === STEPS - 1) yield;
    }
  }
  return new Ring(
    yield* sorted(points),
    weighted.map(({ host }) => host),
  );
}

/** As the loop that places them: shares are fractions, whose sum may end a little beside the scale. */
function countPoints(weighted: readonly WeightedHost[], scale: number): number {
  let target = 0;
  for (const { share } of weighted) target += scale * share;
  return Math.ceil(target);
}

/** `address:port_` followed by a number, as bytes. */
class PointKey {
  readonly bytes: Uint8Array;
  private readonly prefix: number;

  constructor(host: string) {
    const start = utf8(`${host}_`);
    this.prefix = start.length;
    this.bytes = new Uint8Array(start.length + 10);
    this.bytes.set(start);
  }

  /** Writes it; returns the length of the whole. */
  number(value: number): number {
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits++;
    const length = this.prefix + digits;
    for (let at = length - 1, rest = value; at >= this.prefix; at--) {
      const next = Math.floor(rest / 10);
      this.bytes[at] = 48 + rest - 10 * next;
      rest = next;
    }
    return length;
  }
}

const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

/** Radix sort by the upper halves; the few that are equal there are put right at the end. */
function* sorted(points: Points): Generator<undefined, Points> {
  let from = points;
  let to = new Points(points.owner.length);
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    yield* sortPass(from, to, shift);
    [from, to] = [to, from];
  }
  yield* putRight(from);
  return from;
}

function* sortPass(from: Points, to: Points, shift: number): Generator<undefined, void> {
  const next = new Uint32Array(DIGITS + 1);
  const size = from.owner.length;
  for (let i = 0; i < size; i++) next[((from.high[i]! >>> shift) & (DIGITS - 1)) + 1]!++;
  for (let digit = 0; digit < DIGITS; digit++) next[digit + 1]! += next[digit]!;
  for (let i = 0; i < size; i++) {
    const high = from.high[i]!;
    const at = next[(high >>> shift) & (DIGITS - 1)]!++;
    to.high[at] = high;
    to.low[at] = from.low[i]!;
    to.owner[at] = from.owner[i]!;
    if (i % (8 * STEPS) === 0) yield;
  }
}

function* putRight({ high, low, owner }: Points): Generator<undefined, void> {
  for (let i = 1; i < owner.length; i++) {
    for (let at = i; at > 0 && high[at] === high[at - 1] && low[at]! < low[at - 1]!; at--) {
      [low[at - 1], low[at]] = [low[at]!, low[at - 1]!];
      [owner[at - 1], owner[at]] = [owner[at]!, owner[at - 1]!];
    }
    if (i % (32 * STEPS) === 0) yield;
  }
}
