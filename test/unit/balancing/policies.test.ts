import assert from 'node:assert/strict';
import { Balancer } from '../../../src/balancing';
import { ClusterState, type EndpointState } from '../../../src/cluster';
import type { Cluster, ClusterSnapshot } from '../../../src/model';
import { seededRandom } from '../../support/seeded-random';
import { cluster, endpoint } from '../../support/static-feed';

function balancer(snapshot: ClusterSnapshot, seed = 1, state = new ClusterState('c')): Balancer {
  state.follow(snapshot.endpoints);
  return new Balancer(snapshot, state, seededRandom(seed));
}
function hosts(...weights: number[]) {
  return weights.map((weight, i) => endpoint(`10.0.0.${i + 1}`, 80, { weight }));
}
function picks(from: Balancer, count: number): EndpointState[] {
  return Array.from({ length: count }, () => from.pick(undefined, 0) as EndpointState);
}
function counts(from: Balancer, count: number): Record<string, number> {
  const result: Record<string, number> = {};
  for (const { key } of picks(from, count)) result[key] = (result[key] ?? 0) + 1;
  return result;
}
const policy = (loadBalancing: Cluster['loadBalancing']) => ({ loadBalancing });
const LEAST = policy({ kind: 'LEAST_REQUEST', choiceCount: 2, activeRequestBias: 1 });

describe('ROUND_ROBIN', () => {
  it('is exact from the first request', () => {
    for (let seed = 0; seed < 20; seed++) {
      const result = counts(balancer(cluster('c', hosts(1, 1, 1)), seed), 9);
      assert.deepEqual(Object.values(result), [3, 3, 3]);
    }
  });
  it('is exact with weights 3:1 too', () => {
    for (let seed = 0; seed < 20; seed++) {
      const result = counts(balancer(cluster('c', hosts(3, 1)), seed), 8);
      assert.deepEqual(result, { '10.0.0.1:80': 6, '10.0.0.2:80': 2 });
    }
  });
  it('the cursor is kept across pushes', () => {
    const state = new ClusterState('c');
    const snapshot = cluster('c', hosts(1, 1, 1));
    const sequence = Array.from({ length: 6 }, () => picks(balancer(snapshot, 1, state), 1)[0]?.key);
    assert.equal(new Set(sequence.slice(0, 3)).size, 3);
    assert.deepEqual(sequence.slice(0, 3), sequence.slice(3));
  });
  it('processes do not all begin with the same host', () => {
    const first = Array.from(
      { length: 20 },
      (_, seed) => picks(balancer(cluster('c', hosts(1, 1, 1)), seed), 1)[0]?.key,
    );
    assert.equal(new Set(first).size, 3);
  });
});

describe('LEAST_REQUEST', () => {
  it('of two random hosts the one with fewer active requests wins', () => {
    const from = balancer(cluster('c', hosts(1, 1), LEAST));
    const [busy] = picks(from, 1) as [EndpointState];
    busy.activeRequests = 5;
    const share = (counts(from, 4000)[busy.key] as number) / 4000;
    // Only when both draws are the busy host: a quarter.
    assert.ok(Math.abs(share - 0.25) < 0.03, `${share}`);
  });
  it('with idle hosts it is random', () => {
    const result = counts(balancer(cluster('c', hosts(1, 1, 1, 1), LEAST)), 8000);
    for (const count of Object.values(result)) assert.ok(Math.abs(count - 2000) < 200, `${count}`);
  });
  it('more choices find the idle host nearly always', () => {
    const many = policy({ kind: 'LEAST_REQUEST', choiceCount: 10, activeRequestBias: 1 });
    const from = balancer(cluster('c', hosts(1, 1), many));
    const [busy] = picks(from, 1) as [EndpointState];
    busy.activeRequests = 1;
    assert.ok((counts(from, 1000)[busy.key] ?? 0) < 10);
  });
  it('a choice count that is no number of choices counts as two', () => {
    const odd = policy({ kind: 'LEAST_REQUEST', choiceCount: 0, activeRequestBias: -1 });
    assert.equal(picks(balancer(cluster('c', hosts(1), odd)), 1)[0]?.key, '10.0.0.1:80');
  });
  it('with unequal weights the share follows weight', () => {
    assert.deepEqual(counts(balancer(cluster('c', hosts(3, 1), LEAST)), 400), {
      '10.0.0.1:80': 300,
      '10.0.0.2:80': 100,
    });
  });
  it('with unequal weights a host loses weight by its active requests', () => {
    const from = balancer(cluster('c', hosts(3, 1), LEAST));
    const heavy = picks(from, 4).find(({ key }) => key === '10.0.0.1:80') as EndpointState;
    heavy.activeRequests = 5;
    const share = (counts(from, 900)[heavy.key] as number) / 900;
    // 3 / (5 + 1) against 1.
    assert.ok(Math.abs(share - 1 / 3) < 0.02, `${share}`);
  });
});

describe('RANDOM', () => {
  it('takes every host alike, whatever its weight', () => {
    const result = counts(balancer(cluster('c', hosts(9, 1), policy({ kind: 'RANDOM' }))), 8000);
    for (const count of Object.values(result)) assert.ok(Math.abs(count - 4000) < 250, `${count}`);
  });
});

describe('another host for a retry', () => {
  it('with ROUND_ROBIN always another host', () => {
    for (let seed = 0; seed < 50; seed++) {
      const from = balancer(cluster('c', hosts(1, 1, 1)), seed);
      const tried: EndpointState[] = [];
      for (let i = 0; i < 3; i++) tried.push(from.pick(tried, 5) as EndpointState);
      assert.equal(new Set(tried).size, 3);
    }
  });
  it('is best effort: after 5 further picks the last is taken, tried or not', () => {
    const from = balancer(cluster('c', hosts(1)));
    const tried = [from.pick(undefined, 5) as EndpointState];
    assert.equal(from.pick(tried, 5), tried[0]);
  });
  it('with RANDOM and two of three tried a few percent hit a tried host again', () => {
    const from = balancer(cluster('c', hosts(1, 1, 1), policy({ kind: 'RANDOM' })), 11);
    const all = [...new Set(picks(from, 50))];
    const tried = all.slice(0, 2);
    let again = 0;
    for (let i = 0; i < 4000; i++) if (tried.includes(from.pick(tried, 5) as EndpointState)) again++;
    // (2/3)^6 = 8.8 %.
    assert.ok(Math.abs(again / 4000 - 0.088) < 0.02, `${again}`);
  });
});

describe('seeds', () => {
  it('the same seed makes the same picks', () => {
    for (const change of [LEAST, policy({ kind: 'RANDOM' }), {}]) {
      const once = picks(balancer(cluster('c', hosts(1, 2, 3), change), 42), 100).map(({ key }) => key);
      const twice = picks(balancer(cluster('c', hosts(1, 2, 3), change), 42), 100).map(({ key }) => key);
      assert.deepEqual(once, twice);
    }
  });
});
