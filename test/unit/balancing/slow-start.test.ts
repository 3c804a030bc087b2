import assert from 'node:assert/strict';
import { Balancer, type Clock } from '../../../src/balancing';
import { ClusterState } from '../../../src/cluster';
import type { LoadBalancingPolicy } from '../../../src/model';
import { seededRandom } from '../../support/seeded-random';
import { cluster, endpoint } from '../../support/static-feed';

const slowStart = { windowMs: 1000, aggression: 1, minWeightPercent: 10 };
const POLICIES: LoadBalancingPolicy[] = [
  { kind: 'ROUND_ROBIN', slowStart },
  { kind: 'LEAST_REQUEST', choiceCount: 2, activeRequestBias: 1, slowStart },
];

/** Two hosts are there since 0, a third joins at 5000. Its share of calls, in percent, `age` later. */
function share(loadBalancing: LoadBalancingPolicy, age: number): number {
  let now = 0;
  const clock: Clock = { now: () => now, soon: (work) => work() };
  const state = new ClusterState('c');
  const balance = (count: number) => {
    const hosts = Array.from({ length: count }, (_, i) => endpoint(`10.0.0.${i}`, 80));
    const snapshot = cluster('c', hosts, { loadBalancing });
    state.follow(snapshot.endpoints);
    return new Balancer(snapshot, state, seededRandom(3), undefined, clock);
  };
  balance(2);
  now = 5000;
  balance(3);
  now = 5000 + age;
  const balancer = balance(3);
  const picks = Array.from({ length: 4200 }, () => balancer.pick(undefined, 0, now)?.endpoint.address);
  return (100 * picks.filter((address) => address === '10.0.0.2').length) / picks.length;
}

describe('slow start', () => {
  for (const policy of POLICIES) {
    it(`${policy.kind}: a new host gets its weight little by little, at least the minimum`, () => {
      // Weight w beside two of 1: w / (2 + w).
      assert.ok(Math.abs(share(policy, 0) - 100 * (0.1 / 2.1)) < 0.5);
      assert.ok(Math.abs(share(policy, 500) - 100 * (0.5 / 2.5)) < 0.5);
      assert.ok(Math.abs(share(policy, 1500) - 100 / 3) < 3);
    });
  }
  it('aggression bends the curve: time ^ (1 / aggression)', () => {
    const policy = { kind: 'ROUND_ROBIN', slowStart: { ...slowStart, aggression: 2 } } as const;
    const weight = Math.sqrt(0.25);
    assert.ok(Math.abs(share(policy, 250) - (100 * weight) / (2 + weight)) < 0.5);
  });
});
