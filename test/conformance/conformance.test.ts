/**
 * inmesh does what Envoy does. Istio's objects go to a real istiod; its bytes feed a real Envoy and the agent; the same
 * client sends the same requests through both; what came back and what the backends saw must be equal.
 */

import { strict as assert } from 'node:assert';
import { peer } from '../support/peer';
import { differences, inShort, World } from './bed';
import { CASE_GROUPS } from './cases';
import { KNOWN_GAPS } from './known-gaps';

const CASES = CASE_GROUPS.flatMap(({ cases }) => cases);
const VERBOSE = process.env['INMESH_CONFORMANCE'] === 'verbose';

describe('inmesh against a real Envoy', function () {
  this.timeout(60_000);
  let world: World;

  before(async function () {
    world = peer(this, await World.start(CASES));
  });

  after(() => world?.stop());

  it('every case has a title of its own, and every known gap is a case', () => {
    const titles = CASES.map(({ title }) => title);
    assert.deepEqual(titles, [...new Set(titles)]);
    for (const title of Object.keys(KNOWN_GAPS)) assert.ok(titles.includes(title), title);
  });

  for (const group of CASE_GROUPS) {
    describe(group.title, () => {
      for (const each of group.cases) {
        const gap = KNOWN_GAPS[each.title];
        it(gap === undefined ? each.title : `${each.title} (known gap)`, async () => {
          const run = await world.run(each);
          if (VERBOSE) {
            console.log(JSON.stringify(run.envoy.calls.map(({ facts }) => inShort(facts))));
          }
          const found = differences(each, run);
          const wrong = found.filter((sentence) => /^the case is wrong/.test(sentence));
          assert.deepEqual(wrong, []);
          if (gap !== undefined) assert.notDeepEqual(found, [], 'the gap is closed: remove its row');
          else if (found.length > 0) assert.fail(`${found.join('\n')}\n${world.log(each)}`);
        });
      }
    });
  }
});
