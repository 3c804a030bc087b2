import assert from 'node:assert/strict';
import { ClusterState } from '../../../src/cluster';
import { cluster, endpoint } from '../../support/static-feed';

const a = endpoint('10.0.0.1', 80);
const b = endpoint('10.0.0.2', 80);

function followed(state: ClusterState, ...endpoints: ReturnType<typeof endpoint>[]): void {
  state.follow(cluster('c', endpoints).endpoints);
}

describe('cluster state', () => {
  it('an endpoint keeps its counters across pushes and takes its new weight', () => {
    const state = new ClusterState('c');
    followed(state, a, b);
    const before = state.endpoint(a);
    before!.activeRequests = 3;
    followed(state, endpoint('10.0.0.1', 80, { weight: 5 }));
    assert.equal(state.endpoint(a), before);
    assert.equal(state.endpoint(a)?.activeRequests, 3);
    assert.equal(state.endpoint(a)?.endpoint.weight, 5);
  });
  it('is dropped with the endpoint: one that comes back starts afresh', () => {
    const state = new ClusterState('c');
    followed(state, a, b);
    state.endpoint(a)!.activeRequests = 3;
    followed(state, b);
    assert.equal(state.endpoint(a), undefined);
    assert.equal(state.size, 1);
    followed(state, a, b);
    assert.equal(state.endpoint(a)?.activeRequests, 0);
  });
  it('an address named twice is one endpoint', () => {
    const state = new ClusterState('c');
    followed(state, a, { ...a, weight: 9 });
    assert.equal(state.size, 1);
    assert.equal(state.endpoint(a)?.endpoint.weight, 1);
  });
  it('cursors are kept', () => {
    const state = new ClusterState('c');
    state.cursor('0/healthy', 2).position = 7;
    followed(state, a);
    assert.equal(state.cursor('0/healthy', 0).position, 7);
    assert.equal(state.cursor('1/healthy', 4).position, 4);
  });
});
