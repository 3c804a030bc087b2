import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Balancer } from '../../../src/balancing';
import { coarseHealth } from '../../../src/balancing/host-set';
import { ClusterState } from '../../../src/cluster';
import type { Cluster, EndpointHealth, LocalityEndpoints } from '../../../src/model';
import { seededRandom } from '../../support/seeded-random';
import { cluster, endpoint, locality } from '../../support/static-feed';

/** `HHU` = two healthy endpoints and one that is not; D degraded, R draining, T timed out, N unknown. */
const HEALTH: Record<string, EndpointHealth> = {
  H: 'HEALTHY',
  U: 'UNHEALTHY',
  D: 'DEGRADED',
  R: 'DRAINING',
  T: 'TIMEOUT',
  N: 'UNKNOWN',
};

let address = 0;
function group(health: string, changes: Partial<LocalityEndpoints> = {}): LocalityEndpoints {
  const endpoints = [...health].map((one) => endpoint(`10.1.0.${++address}`, 80, { health: HEALTH[one]! }));
  return locality(endpoints, changes);
}

/** Share of the picks that each group got, in percent. */
function shares(
  groups: readonly LocalityEndpoints[],
  changes: Partial<Cluster> = {},
  count = 5000,
): number[] {
  const snapshot = cluster('c', groups, changes);
  const state = new ClusterState('c');
  state.follow(snapshot.endpoints);
  const balancer = new Balancer(snapshot, state, seededRandom(9));
  const hits = groups.map(() => 0);
  for (let i = 0; i < count; i++) {
    const host = balancer.pick(undefined, 0);
    const at = groups.findIndex((one) => host !== undefined && one.endpoints.includes(host.endpoint));
    if (at >= 0) (hits[at] as number)++;
  }
  return hits.map((hit) => (100 * hit) / count);
}
function near(actual: readonly number[], expected: readonly number[], by = 3): void {
  assert.ok(
    actual.length === expected.length &&
      actual.every((one, at) => Math.abs(one - (expected[at] as number)) <= by),
    `${actual} is not near ${expected}`,
  );
}
const second = { priority: 1 };

describe('health', () => {
  it('UNHEALTHY, DRAINING and TIMEOUT are out; UNKNOWN counts as healthy', () => {
    const all = ['HEALTHY', 'UNKNOWN', 'DEGRADED', 'UNHEALTHY', 'DRAINING', 'TIMEOUT'] as const;
    assert.deepEqual(all.map(coarseHealth), [
      'healthy',
      'healthy',
      'degraded',
      'unhealthy',
      'unhealthy',
      'unhealthy',
    ]);
  });
  it('nothing healthy: no healthy upstream, without panic', () => {
    near(shares([group('URT')]), [0]);
    near(shares([]), []);
    near(shares([group('')]), [0]);
  });
  it('degraded hosts serve what healthy ones cannot', () => {
    near(shares([group('D')]), [100]);
    // healthy 1 of 4 x 1.4 = 35, degraded 3 of 4 x 1.4 = 100: sum capped at 100.
    const groups = [group('H'), group('DDD')];
    near(shares(groups), [35, 65]);
  });
});

describe('priorities', () => {
  it('priority n+1 is used when all of n are out', () => {
    near(shares([group('UU'), group('HH', second)]), [0, 100]);
    near(shares([group('HH'), group('HH', second)]), [100, 0]);
  });
  it('with partial health Envoy spills over by health × 1.4', () => {
    // 1 of 2 healthy: 70 %.
    near(shares([group('HU'), group('HH', second)]), [70, 30]);
    // 3 of 4 healthy: 105 %, nothing spills.
    near(shares([group('HHHU'), group('HH', second)]), [100, 0]);
  });
  it('load is normalised when all priorities together lack health', () => {
    // 1 of 4 each: 35 + 35 = 70: halves.
    near(shares([group('HUUU'), group('HUUU', second)]), [50, 50]);
  });
  it('gaps in priority numbers do not matter', () => {
    near(shares([group('U', { priority: 2 }), group('H', { priority: 7 })]), [0, 100]);
  });
});

describe('panic threshold', () => {
  it('below it all hosts are used again', () => {
    near(shares([group('H'), group('U')], { healthyPanicThreshold: 60 }), [50, 50]);
  });
  it('at or above it only healthy ones are', () => {
    near(shares([group('H'), group('U')], { healthyPanicThreshold: 50 }), [100, 0]);
  });
  it('nothing healthy at all: load by number of hosts', () => {
    const groups = [group('UUU'), group('U', second)];
    near(shares(groups, { healthyPanicThreshold: 50 }), [75, 25]);
  });
  it('a priority is never in panic while all together are healthy enough', () => {
    near(shares([group('HUUU'), group('HH', second)], { healthyPanicThreshold: 50 }), [35, 65]);
  });
});

describe('locality weights', () => {
  const weighted = { localityWeighted: true };
  it('80/20 is exact over many calls', () => {
    near(shares([group('HH', { weight: 80 }), group('HH', { weight: 20 })], weighted), [80, 20], 0.1);
  });
  it('a locality with no endpoints takes nothing', () => {
    near(shares([group('', { weight: 80 }), group('HH', { weight: 20 })], weighted), [0, 100]);
  });
  it('weight 0 takes nothing', () => {
    near(shares([group('HH', { weight: 0 }), group('HH', { weight: 1 })], weighted), [0, 100]);
  });
  it('a locality loses weight once less than 1/1.4 of it is healthy', () => {
    // 1 of 2 healthy: 0.7 of its weight against 1.
    near(shares([group('HU', { weight: 1 }), group('HH', { weight: 1 })], weighted), [41.2, 58.8]);
    near(shares([group('HHHU', { weight: 1 }), group('HH', { weight: 1 })], weighted), [50, 50]);
  });
  it('do not count unless the cluster says so', () => {
    near(shares([group('HHH', { weight: 1 }), group('H', { weight: 99 })]), [75, 25]);
  });
});

describe('no endpoint is picked that must not be', () => {
  it('whatever the health, priorities and weights', () => {
    const anyGroup = fc.record({
      health: fc.array(fc.constantFrom('H', 'U', 'D', 'R', 'T', 'N'), { maxLength: 5 }),
      priority: fc.integer({ min: 0, max: 3 }),
      weight: fc.integer({ min: 0, max: 10 }),
    });
    fc.assert(
      fc.property(
        fc.array(anyGroup, { maxLength: 6 }),
        fc.boolean(),
        fc.constantFrom('ROUND_ROBIN', 'RANDOM', 'LEAST_REQUEST', 'RING_HASH', 'MAGLEV'),
        fc.integer(),
        (groups, localityWeighted, kind, seed) => {
          const localities = groups.map(({ health, ...rest }) => group(health.join(''), rest));
          const loadBalancing = {
            kind,
            choiceCount: 2,
            activeRequestBias: 1,
            minimumRingSize: 16,
            maximumRingSize: 100,
            tableSize: 17,
          };
          const snapshot = cluster('c', localities, { localityWeighted, loadBalancing } as never);
          const state = new ClusterState('c');
          state.follow(snapshot.endpoints);
          const balancer = new Balancer(snapshot, state, seededRandom(seed));
          const usable = groups.some(({ health }) => health.some((one) => 'HDN'.includes(one)));
          for (let i = 0; i < 20; i++) {
            const host = balancer.pick(undefined, 0);
            if (host === undefined) assert.ok(!usable || localityWeighted);
            else assert.notEqual(coarseHealth(host.endpoint.health), 'unhealthy');
          }
        },
      ),
      { seed: 6, numRuns: 400 },
    );
  });
});
