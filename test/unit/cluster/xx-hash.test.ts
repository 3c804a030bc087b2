import assert from 'node:assert/strict';
import fc from 'fast-check';
import { xxHash64 } from '../../../src/cluster';

const P = [
  11400714785074694791n,
  14029467366897019727n,
  1609587929392839161n,
  9650029242287828579n,
  2870177450012600261n,
] as const;
const cut = (n: bigint) => BigInt.asUintN(64, n);
const turn = (n: bigint, bits: bigint) => cut((n << bits) | (n >> (64n - bits)));
const round = (n: bigint, input: bigint) => cut(turn(cut(n + input * P[1]), 31n) * P[0]);

/** The algorithm of the xxHash specification, with numbers as wide as it has them. */
function reference(bytes: Uint8Array, seed: bigint): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  let hash = cut(seed + P[4]);
  if (bytes.length >= 32) {
    let lanes = [cut(seed + P[0] + P[1]), cut(seed + P[1]), seed, cut(seed - P[0])];
    for (; at + 32 <= bytes.length; at += 32) {
      const start = at;
      lanes = lanes.map((lane, i) => round(lane, view.getBigUint64(start + 8 * i, true)));
    }
    hash = lanes.reduce((sum, lane, i) => cut(sum + turn(lane, [1n, 7n, 12n, 18n][i]!)), 0n);
    for (const lane of lanes) hash = cut((hash ^ round(0n, lane)) * P[0] + P[3]);
  }
  hash = cut(hash + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8)
    hash = cut(turn(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * P[0] + P[3]);
  if (at + 4 <= bytes.length) {
    hash = cut(turn(hash ^ cut(BigInt(view.getUint32(at, true)) * P[0]), 23n) * P[1] + P[2]);
    at += 4;
  }
  for (; at < bytes.length; at++) hash = cut(turn(hash ^ cut(BigInt(bytes[at]!) * P[4]), 11n) * P[0]);
  hash = cut((hash ^ (hash >> 33n)) * P[1]);
  hash = cut((hash ^ (hash >> 29n)) * P[2]);
  return hash ^ (hash >> 32n);
}

const hex = (text: string) => {
  const { hi, lo } = xxHash64(Buffer.from(text));
  return hi.toString(16).padStart(8, '0') + lo.toString(16).padStart(8, '0');
};

describe('xxHash64', () => {
  it('has the known values', () => {
    assert.equal(hex(''), 'ef46db3751d8e999');
    assert.equal(hex('a'), 'd24ec4f1a98c6e5b');
    assert.equal(hex('abc'), '44bc2cf5ad770999');
  });
  it('is what the specification says, for any bytes and seed', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 100 }),
        fc.integer({ min: 0, max: 0xffffffff }),
        (bytes, seed) => {
          const { hi, lo } = xxHash64(bytes, { hi: seed >>> 3, lo: seed });
          assert.equal(
            (BigInt(hi) << 32n) | BigInt(lo),
            reference(bytes, (BigInt(seed >>> 3) << 32n) | BigInt(seed)),
          );
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });
});
