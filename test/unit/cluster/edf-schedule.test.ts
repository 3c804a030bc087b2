import assert from 'node:assert/strict';
import fc from 'fast-check';
import { EdfSchedule } from '../../../src/cluster';

describe('earliest deadline first', () => {
  it('weights 3 and 1: exactly three of every four, from the first pick', () => {
    const schedule = new EdfSchedule([3, 1], (weight) => weight);
    for (let round = 0; round < 10; round++) {
      const picks = Array.from({ length: 4 }, () => schedule.pick());
      assert.deepEqual(picks.sort(), [1, 3, 3, 3]);
    }
  });
  it('equal weights come up in turn', () => {
    const schedule = new EdfSchedule(['a', 'b', 'c'], () => 2);
    assert.equal(Array.from({ length: 6 }, () => schedule.pick()).join(''), 'abcabc');
  });
  it('an entry without weight never comes up', () => {
    const schedule = new EdfSchedule([0, 1, -1, Number.NaN], (weight) => weight);
    assert.equal(schedule.size, 1);
    for (let i = 0; i < 5; i++) assert.equal(schedule.pick(), 1);
  });
  it('nothing to pick from', () => assert.equal(new EdfSchedule([], () => 1).pick(), undefined));
  it('every entry gets its share', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 400 }), (all, picks) => {
        const schedule = new EdfSchedule(
          all.map((weight, id) => ({ id, weight })),
          ({ weight }) => weight,
        );
        const counts = all.map(() => 0);
        for (let i = 0; i < picks; i++) (counts[schedule.pick()?.id as number] as number)++;
        const total = all.reduce((sum, weight) => sum + weight, 0);
        all.forEach((weight, id) => {
          const expected = (picks * weight) / total;
          // EDF keeps each within one pick of its share plus the lead of those with earlier deadlines.
          assert.ok(Math.abs((counts[id] as number) - expected) <= Math.max(2, all.length / 2));
        });
      }),
      { seed: 5, numRuns: 300 },
    );
  });
});
