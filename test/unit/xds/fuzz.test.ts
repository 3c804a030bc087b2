/** Whatever the bytes, a decoder gives a value or reasons, and never throws. Seeded. */

import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import {
  type Decoded,
  decodeCluster,
  decodeLoadAssignment,
  decodeVirtualHost,
  openRouteConfiguration,
} from '../../../src/xds';
import { recordedBytes } from './recorded';

const SEED = 20261121;

/** Opens, then decodes every virtual host found. */
function decodeRoutes(bytes: Uint8Array): Decoded<unknown> {
  const open = openRouteConfiguration(bytes);
  if (open.ok) for (const host of open.value.virtualHosts) check(decodeVirtualHost(host.bytes, '80'));
  return open;
}

const DECODERS = [
  ['clusters', decodeCluster, 60],
  ['endpoints', decodeLoadAssignment, 60],
  ['routes', decodeRoutes, 150],
] as const;

function check(decoded: Decoded<unknown>): void {
  if (decoded.ok) {
    assert.ok(decoded.value);
    for (const u of decoded.unsupported) assert.ok(u.field && u.effect && u.resourceType);
  } else {
    assert.ok(decoded.reasons.length > 0);
    for (const reason of decoded.reasons) assert.ok(reason.length > 0);
  }
}

describe('xds: fuzzing', () => {
  for (const [kind, decode, runs] of DECODERS) {
    const samples = recordedBytes(kind).map(([, bytes]) => bytes);
    const sample = fc.constantFrom(...samples);
    const options = { seed: SEED, numRuns: runs * 5 };

    it(`${kind}: random bytes`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => check(decode(bytes))),
        options,
      );
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => check(decodeVirtualHost(bytes, ''))),
        options,
      );
    });

    it(`${kind}: real ones cut short`, () => {
      fc.assert(
        fc.property(sample, fc.double({ min: 0, max: 1, noNaN: true }), (bytes, share) =>
          check(decode(bytes.subarray(0, Math.floor(bytes.length * share)))),
        ),
        options,
      );
    });

    it(`${kind}: real ones with bits flipped`, () => {
      const flips = fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 8 });
      fc.assert(
        fc.property(sample, flips, (bytes, places) => {
          const copy = Buffer.from(bytes);
          for (const [at, bit] of places) copy[at % copy.length]! ^= 1 << bit;
          check(decode(copy));
        }),
        options,
      );
    });

    it(`${kind}: real ones with bytes put in`, () => {
      fc.assert(
        fc.property(sample, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 20 }), (bytes, at, more) => {
          const place = at % bytes.length;
          check(decode(Buffer.concat([bytes.subarray(0, place), more, bytes.subarray(place)])));
        }),
        options,
      );
    });
  }

  it('survives messages nested without end', () => {
    let nested = Buffer.from([0x0a, 0x00]);
    for (let i = 0; i < 5000; i++) {
      const length = nested.length;
      const head =
        length < 128
          ? [0x2a, length]
          : length < 16384
            ? [0x2a, (length & 127) | 128, length >> 7]
            : [0x2a, (length & 127) | 128, ((length >> 7) & 127) | 128, length >> 14];
      nested = Buffer.concat([Buffer.from(head), nested]);
    }
    for (const [, decode] of DECODERS) check(decode(nested));
    check(decodeVirtualHost(nested, ''));
  });
});
