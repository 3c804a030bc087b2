import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { BackOff } from '../../../src/link/worker/back-off';

/** A back-off whose random number is always the largest: the ceilings become visible. */
function ceilings() {
  const clock = { ms: 0 };
  return {
    clock,
    backOff: new BackOff(
      () => clock.ms,
      () => 1,
    ),
  };
}

describe('link back-off', () => {
  it('doubles from 100 ms to 1.5 s in the first minute of an outage, then goes up to 15 s', () => {
    const { clock, backOff } = ceilings();
    const waits = Array.from({ length: 7 }, () => backOff.next());
    assert.deepEqual(waits, [100, 200, 400, 800, 1500, 1500, 1500]);
    clock.ms = 60_000;
    assert.equal(backOff.next(), 12_800);
    assert.equal(backOff.next(), 15_000);
  });

  it('a good answer ends the outage; a stream that lived for a second starts the count anew', () => {
    const { clock, backOff } = ceilings();
    for (let i = 0; i < 10; i++) backOff.next();
    clock.ms = 100_000;
    backOff.good();
    clock.ms = 101_000;
    assert.equal(backOff.next(), 100);
    clock.ms = 102_000;
    assert.equal(backOff.next(), 200);
  });

  it('a stream that dies right after its first answer is a failure: no loop of full downloads', () => {
    const { backOff } = ceilings();
    const waits = Array.from({ length: 5 }, () => {
      backOff.good();
      return backOff.next();
    });
    assert.deepEqual(waits, [100, 200, 400, 800, 1500]);
  });

  it('full jitter: any number in [0, ceiling)', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat(40),
        (random, failures) => {
          const backOff = new BackOff(
            () => 0,
            () => random,
          );
          for (let i = 0; i < failures; i++) backOff.next();
          assert.equal(backOff.next(), random * Math.min(1500, 100 * 2 ** failures));
        },
      ),
    );
  });
});
