import assert from 'node:assert/strict';
import { head } from '../../support/http-head';
import { cluster, endpoint, forward, route, virtualHost } from '../../support/static-feed';
import { attempt, reviews, scene, TWO } from './scene';

const OTHER = cluster('other', [endpoint('10.0.0.9', 80)]);
const TWO_HOSTS = {
  ports: {
    80: [
      virtualHost(['reviews', 'reviews.shop'], [route(forward('c'))]),
      virtualHost(['ratings'], [route(forward('other'))]),
    ],
  },
  clusters: [TWO, OTHER],
};

describe('which virtual host', () => {
  const clusterFor = (authority: string, path = '/') => {
    const { call, mesh, feed } = scene(TWO_HOSTS, { manual: true });
    mesh.ownership('http', 'reviews', 80);
    mesh.ownership('http', 'ratings', 80);
    feed.up();
    return attempt(call(path, { authority }).next(0)).cluster;
  };
  it('the dialled host, whatever the spelling of the Host header', () => {
    for (const authority of ['reviews', 'Reviews:80', 'reviews.', '', 'reviews:8080']) {
      assert.equal(clusterFor(authority), 'c', authority);
    }
  });
  it('the Host header if it names another mesh host on that port', () => {
    assert.equal(clusterFor('ratings'), 'other');
    assert.equal(clusterFor('Ratings:80'), 'other');
  });
  it('the dialled host if the Host header names none', () => assert.equal(clusterFor('example.com'), 'c'));
  it('the host of an absolute-form target, which is written in origin form', () => {
    const { call, mesh, feed } = scene(TWO_HOSTS, { manual: true });
    mesh.ownership('http', 'reviews', 80);
    mesh.ownership('http', 'ratings', 80);
    feed.up();
    const seen = attempt(call('http://ratings:80/x?y').next(0));
    assert.deepEqual([seen.cluster, seen.path, seen.authority], ['other', '/x?y', 'ratings:80']);
    assert.equal(attempt(call('http://reviews').next(0)).path, '/');
  });
  it('an absolute-form target on another host is not ours: the dialled one is a proxy', () => {
    assert.equal(scene(TWO_HOSTS).begin('http://example.com/x'), undefined);
  });
});

describe('pass through', () => {
  it('a route to PassthroughCluster is not ours', () => {
    assert.equal(scene(reviews([route(forward('PassthroughCluster'))])).begin(), undefined);
  });
  it('an ORIGINAL_DST cluster is not ours', () => {
    const original = cluster('c', [], {
      discovery: 'ORIGINAL_DST',
      loadBalancing: { kind: 'CLUSTER_PROVIDED' },
    });
    assert.equal(scene(reviews([route(forward('c'))], [original])).begin(), undefined);
  });
  it('a host that is not ours is not begun', () => {
    const { mesh } = scene(reviews([route(forward('c'))]));
    assert.equal(mesh.begin('http', 'example.com', 80, head('/'), 0), undefined);
  });
});

describe('targets that are no path', () => {
  it('OPTIONS * takes the rules for everything', () => {
    const begun = scene(reviews([route(forward('c'))])).call('*', { method: 'OPTIONS' });
    assert.equal(attempt(begun.next(0)).path, '*');
  });
  it('CONNECT takes the rules for /, its target is not changed', () => {
    const begun = scene(reviews([route(forward('c', { prefixRewrite: '/x' }))])).call('db:5432', {
      method: 'CONNECT',
    });
    assert.equal(attempt(begun.next(0)).path, 'db:5432');
  });
});

describe('weighted destinations', () => {
  it('share calls 90/10', () => {
    const clusters = ['c', 'other'].map((name, at) => ({
      name,
      weight: at === 0 ? 90 : 10,
      headers: { request: { remove: [], add: [] }, response: { remove: [], add: [] } },
    }));
    const { call } = scene(reviews([route(forward('c', { weighted: true, clusters }))], [TWO, OTHER]));
    let other = 0;
    for (let i = 0; i < 5000; i++) if (attempt(call().next(0)).cluster === 'other') other++;
    assert.ok(Math.abs(other - 500) < 80, `${other}`);
  });
  it('a call stays with its cluster when it is retried', () => {
    const clusters = ['c', 'other'].map((name) => ({
      name,
      weight: 1,
      headers: { request: { remove: [], add: [] }, response: { remove: [], add: [] } },
    }));
    const { call } = scene(reviews([route(forward('c', { weighted: true, clusters }))], [TWO, OTHER]));
    for (let i = 0; i < 20; i++) {
      const begun = call();
      assert.equal(attempt(begun.next(0)).cluster, attempt(begun.next(1)).cluster);
    }
  });
});

describe('changes of the mesh', () => {
  it('the next call uses the new route and the new endpoints', () => {
    const { call, feed } = scene(reviews([route(forward('c'))]));
    assert.equal(attempt(call().next(0)).cluster, 'c');
    feed.set(reviews([route(forward('other'))], [OTHER]));
    assert.equal(attempt(call().next(0)).cluster, 'other');
    const moved = cluster('other', [endpoint('10.9.9.9', 80)]);
    feed.set(reviews([route(forward('other'))], [moved]));
    assert.equal(attempt(call().next(0)).endpoint.address, '10.9.9.9');
  });
});

describe('https hosts', () => {
  const model = { ports: {}, tls: { 'secure.shop:443': 'c' }, clusters: [TWO] };
  function begun() {
    const { mesh, feed, records } = scene(model, { manual: true });
    mesh.ownership('https', 'secure.shop', 443);
    feed.up();
    const call = mesh.begin('https', 'secure.shop', 443, head('/x/../y', { scheme: 'https' }), 0);
    assert.ok(call?.kind === 'call');
    return { call, records };
  }
  it('only the endpoint is chosen: no header edits, no path change', () => {
    const seen = attempt(begun().call.next(0));
    assert.deepEqual([seen.path, seen.authority, seen.edits], ['/x/../y', undefined, []]);
    assert.equal(seen.pool.connectTimeoutMs, 10_000);
  });
  it('another endpoint is tried when the connection cannot be made', () => {
    const { call } = begun();
    const one = attempt(call.next(0)).endpoint;
    assert.equal(call.reset(1, 'remote-connection-failure', { replayable: true }).kind, 'retry');
    assert.notEqual(attempt(call.next(2)).endpoint, one);
  });
  it('answers are delivered as they are', () => {
    const { call, records } = begun();
    call.next(0);
    assert.deepEqual(
      call.response(1, 503, () => undefined, { replayable: true }),
      { kind: 'deliver', edits: [] },
    );
    call.end(2);
    assert.equal(records[0]?.status, 503);
  });
});
