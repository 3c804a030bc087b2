import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  choiceHoldsFor,
  choose,
  DOWN_MS,
  EMPTY_MS,
  MODES,
  readMode,
  type Side,
} from '../../../src/registry/modes';

const FULL: Side = { known: true, size: 2 };
const UNKNOWN: Side = { known: false, size: 0 };
const empty = (emptySince: number): Side => ({ known: true, size: 0, emptySince });
const down = (downSince: number): Side => ({ known: true, size: 2, downSince });

describe('registry: modes (decision 24)', () => {
  it('merge takes both, off the registry alone, whatever is known', () => {
    for (const side of [FULL, UNKNOWN, empty(0)]) {
      assert.equal(choose('merge', side, FULL, 99_999), 'both');
      assert.equal(choose('off', side, FULL, 99_999), 'registry');
    }
  });

  it('xds-first and registry-first prefer their side while it is known', () => {
    assert.equal(choose('xds-first', FULL, FULL, 0), 'mesh');
    assert.equal(choose('registry-first', FULL, FULL, 0), 'registry');
  });

  it('switch at once when the preferred side has never been heard of', () => {
    assert.equal(choose('xds-first', FULL, UNKNOWN, 0), 'registry');
    assert.equal(choose('registry-first', UNKNOWN, FULL, 0), 'mesh');
  });

  it('switch when it is away, but not for the moment that a stream takes to come back', () => {
    assert.equal(choose('xds-first', FULL, down(1_000), 1_000 + DOWN_MS - 1), 'mesh');
    assert.equal(choose('xds-first', FULL, down(1_000), 1_000 + DOWN_MS), 'registry');
    assert.equal(choose('registry-first', down(1_000), FULL, 1_000 + DOWN_MS), 'mesh');
  });

  it('believe a truthful empty for 30 s', () => {
    assert.equal(choose('xds-first', FULL, empty(5), 5 + EMPTY_MS - 1), 'mesh');
    assert.equal(choose('xds-first', FULL, empty(5), 5 + EMPTY_MS), 'registry');
    assert.equal(choose('registry-first', empty(5), FULL, 5 + EMPTY_MS), 'mesh');
  });

  it('keep the last word of the preferred side when both are away', () => {
    assert.equal(choose('xds-first', down(0), down(0), 60_000), 'mesh');
    assert.equal(choose('registry-first', down(0), down(0), 60_000), 'registry');
    assert.equal(choose('xds-first', down(0), { known: false, size: 0, downSince: 0 }, 60_000), 'registry');
  });

  it('say how long the answer holds: it never changes before that by time alone', () => {
    const side = fc.record(
      {
        known: fc.boolean(),
        size: fc.constantFrom(0, 2),
        emptySince: fc.nat(60_000),
        downSince: fc.nat(60_000),
      },
      { requiredKeys: ['known', 'size'] },
    ) as fc.Arbitrary<Side>;
    fc.assert(
      fc.property(
        fc.constantFrom(...MODES),
        side,
        side,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (mode, registry, mesh, part) => {
          const now = 60_000;
          const holds = Math.min(choiceHoldsFor(registry, mesh, now), 1_000_000);
          assert.equal(
            choose(mode, registry, mesh, now + Math.floor(holds * part)),
            choose(mode, registry, mesh, now),
          );
        },
      ),
      { seed: 3 },
    );
  });

  it('are read by name', () => {
    assert.deepEqual(['merge', 'xds-first', 'nonsense'].map(readMode), ['merge', 'xds-first', undefined]);
  });
});
