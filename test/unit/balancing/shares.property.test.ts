/** Random endpoint sets with weights, health and localities: shares, seeds, and what must not be picked, by an own reckoning. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Balancer } from '../../../src/balancing';
import { ClusterState } from '../../../src/cluster';
import type { Cluster, LocalityEndpoints } from '../../../src/model';
import { seededRandom } from '../../support/seeded-random';
import { cluster, endpoint, locality } from '../../support/static-feed';

const PICKS = 3_000;
/** Envoy counts loads in whole percent. */
const ROUNDING = 0.02;
/** Standard deviations: once in a million draws, and the seed is fixed. */
const SIGMAS = 5;
const OVERPROVISIONING = 1.4;

const anyHost = fc.record({ healthy: fc.boolean(), weight: fc.integer({ min: 1, max: 20 }) });
const anyGroup = fc.record({
  hosts: fc.array(anyHost, { minLength: 1, maxLength: 6 }),
  priority: fc.integer({ min: 0, max: 2 }),
  weight: fc.integer({ min: 1, max: 10 }),
});
const anyGroups = fc.array(anyGroup, { minLength: 1, maxLength: 5 });
type Group = typeof anyGroup extends fc.Arbitrary<infer T> ? T : never;

const POLICIES: readonly Cluster['loadBalancing'][] = [
  { kind: 'ROUND_ROBIN' },
  { kind: 'RANDOM' },
  { kind: 'LEAST_REQUEST', choiceCount: 2, activeRequestBias: 1 },
];

function localitiesOf(groups: readonly Group[]): LocalityEndpoints[] {
  return groups.map(({ hosts, priority, weight }, at) =>
    locality(
      hosts.map((host, i) =>
        endpoint(`10.${at}.0.${i}`, 80, {
          weight: host.weight,
          health: host.healthy ? 'HEALTHY' : 'UNHEALTHY',
        }),
      ),
      { priority, weight, locality: { region: 'r', zone: String(at), subZone: '' } },
    ),
  );
}

/** Shares by address. Without panic: Envoy's health × 1.4 spills to the next priority, localities by what is left of them. */
function expected(groups: readonly Group[], policy: Cluster['loadBalancing'], byLocality: boolean) {
  const shares = new Map<string, number>();
  const all = groups.map((group, at) => ({ ...group, at }));
  const loads = [0, 1, 2].map((priority) => {
    const hosts = all.filter((group) => group.priority === priority).flatMap((group) => group.hosts);
    return hosts.length === 0 ? 0 : Math.min(1, (OVERPROVISIONING * healthyOf(hosts)) / hosts.length);
  });
  const total = Math.min(1, loads[0]! + loads[1]! + loads[2]!);
  let left = 1;
  for (const [priority, health] of loads.entries()) {
    const load = total === 0 ? 0 : Math.min(left, health / total);
    left -= load;
    const members = all.filter((group) => group.priority === priority);
    const sizes = members.map(({ hosts, weight }) => {
      if (!byLocality) return weightOf(hosts, policy);
      return weight * Math.min(1, (OVERPROVISIONING * healthyOf(hosts)) / hosts.length);
    });
    const sum = sizes.reduce((so, size) => so + size, 0);
    members.forEach(({ hosts, at }, i) => {
      hosts.forEach(({ healthy, weight }, place) => {
        const own = healthy ? (policy.kind === 'RANDOM' ? 1 : weight) / weightOf(hosts, policy) : 0;
        shares.set(`10.${at}.0.${place}:80`, sum === 0 || !healthy ? 0 : (load * own * sizes[i]!) / sum);
      });
    });
  }
  return shares;
}

type Hosts = Group['hosts'];

function healthyOf(hosts: Hosts): number {
  return hosts.filter(({ healthy }) => healthy).length;
}

function weightOf(hosts: Hosts, { kind }: Cluster['loadBalancing']): number {
  return hosts.reduce(
    (sum, { healthy, weight }) => sum + (healthy ? (kind === 'RANDOM' ? 1 : weight) : 0),
    0,
  );
}

function balancerOf(groups: readonly Group[], changes: Partial<Cluster>, seed: number): Balancer {
  const snapshot = cluster('c', localitiesOf(groups), changes);
  const state = new ClusterState('c');
  state.follow(snapshot.endpoints);
  return new Balancer(snapshot, state, seededRandom(seed));
}

describe('random endpoint sets', () => {
  for (const loadBalancing of POLICIES) {
    for (const localityWeighted of [false, true]) {
      const how = localityWeighted ? ', localities by weight' : '';
      it(`${loadBalancing.kind}${how}: every endpoint gets its share`, () => {
        fc.assert(
          fc.property(anyGroups, fc.integer(), (groups, seed) => {
            const shares = expected(groups, loadBalancing, localityWeighted);
            const balancer = balancerOf(groups, { loadBalancing, localityWeighted }, seed);
            const counts = new Map<string, number>();
            for (let i = 0; i < PICKS; i++) {
              const key = balancer.pick(undefined, 0)?.key ?? 'none';
              counts.set(key, (counts.get(key) ?? 0) + 1);
            }
            const healthy = [...shares.values()].some((share) => share > 0);
            assert.equal(counts.get('none') ?? 0, healthy ? 0 : PICKS);
            for (const [key, share] of shares) {
              const got = (counts.get(key) ?? 0) / PICKS;
              if (share === 0) assert.equal(got, 0, `${key} must not be picked`);
              const bound = ROUNDING + SIGMAS * Math.sqrt((share * (1 - share)) / PICKS);
              assert.ok(Math.abs(got - share) <= bound, `${key}: ${got} instead of ${share}`);
            }
          }),
          { seed: 11, numRuns: 60 },
        );
      });
    }
  }

  it('the same seed makes the same picks, whatever the set', () => {
    fc.assert(
      fc.property(anyGroups, fc.constantFrom(...POLICIES), fc.integer(), (groups, loadBalancing, seed) => {
        const picks = () => {
          const balancer = balancerOf(groups, { loadBalancing }, seed);
          return Array.from({ length: 50 }, () => balancer.pick(undefined, 0)?.key);
        };
        assert.deepEqual(picks(), picks());
      }),
      { seed: 12, numRuns: 100 },
    );
  });
});
