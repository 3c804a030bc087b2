/** What the ZooKeeper hook keeps of questions without an answer, which come and go in any order. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Kept, type Place } from '../../../hooks/zookeeper/kept';

describe('registry: what is kept until it is answered', () => {
  it('is what was added and neither removed, however often, nor taken', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.constant('add' as const) },
      { weight: 5, arbitrary: fc.nat(30) },
      { weight: 1, arbitrary: fc.constant('take' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const kept = new Kept<number>();
        const model = new Set<number>();
        const places: Place<number>[] = [];
        const taken = () => assert.deepEqual(new Set(kept.takeAll()), model);
        for (const each of steps) {
          if (each === 'add') {
            model.add(places.length);
            places.push(kept.add(places.length));
          } else if (each === 'take') {
            taken();
            model.clear();
          } else if (each < places.length) {
            model.delete(each);
            kept.remove(places[each]!);
          }
        }
        taken();
      }),
    );
  });
});
