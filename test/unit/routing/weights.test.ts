import assert from 'node:assert/strict';
import { WeightedChoice } from '../../../src/routing/weights';
import { seededRandom } from '../../support/seeded-random';

describe('weighted destinations', () => {
  it('weights are relative to their sum: 1 and 3', () => {
    const random = seededRandom(7);
    const choice = new WeightedChoice([1, 3]);
    let second = 0;
    for (let i = 0; i < 10_000; i++) second += choice.draw(random);
    assert.ok(Math.abs(second - 7500) < 150, `${second}`);
  });
  it('weight 0 is never drawn', () => {
    const random = seededRandom(7);
    const choice = new WeightedChoice([0, 1, 0]);
    for (let i = 0; i < 1000; i++) assert.equal(choice.draw(random), 1);
  });
  it('a single destination draws nothing', () => {
    const choice = new WeightedChoice([1]);
    assert.equal(
      choice.draw(() => assert.fail('not needed')),
      0,
    );
  });
  it('without any weight nothing is drawn', () => {
    assert.equal(
      new WeightedChoice([0, 0]).draw(() => 0.5),
      -1,
    );
    assert.equal(
      new WeightedChoice([0]).draw(() => 0.5),
      -1,
    );
    assert.equal(
      new WeightedChoice([]).draw(() => 0.5),
      -1,
    );
  });
});
