import assert from 'node:assert/strict';
import type { Cluster, ClusterTls } from '../../../src/model';
import { cluster, endpoint, forward, route } from '../../support/static-feed';
import { attempt, reviews, scene, TWO } from './scene';

const origin = { kind: 'DestinationRule', namespace: 'shop', name: 'reviews-mtls' };
const MUTUAL: ClusterTls = { kind: 'istio-mutual', sni: 's', subjectAltNames: [] };
function model(changes: Partial<Cluster>) {
  return reviews([route(forward('c'))], [cluster('c', [endpoint('10.0.0.1', 80)], changes)]);
}

describe('what cannot be managed yet', () => {
  it('an explicit ISTIO_MUTUAL: not ours, with one line naming the DestinationRule', () => {
    const { mesh, lines, feed } = scene(model({ tls: MUTUAL, origin }));
    assert.equal(mesh.ownership('http', 'reviews', 80), 'not-ours');
    assert.equal(lines.length, 1);
    assert.match(lines[0] as string, /DestinationRule shop\/reviews-mtls asks for ISTIO_MUTUAL/);
    feed.set(model({ tls: MUTUAL, origin }));
    assert.equal(lines.length, 1);
  });
  it('TLS of the cluster around TLS of the application: not ours, one line', () => {
    const tls: ClusterTls = { kind: 'tls', subjectAltNames: [], insecureSkipVerify: false };
    const clusters = [cluster('c', [endpoint('10.0.0.1', 443)], { tls, origin })];
    const { mesh, lines, feed } = scene({ ports: {}, clusters, tls: { 'reviews:443': 'c' } });
    mesh.ownership('https', 'reviews', 443);
    feed.up();
    assert.equal(mesh.ownership('https', 'reviews', 443), 'not-ours');
    assert.match(lines.join(), /DestinationRule shop\/reviews-mtls asks for TLS around the TLS/);
  });
  it('HTTP/2 only: not ours, one line', () => {
    const { mesh, lines } = scene(
      model({ pool: { connectTimeoutMs: 1, maxRequestsPerConnection: 0, http2: true } }),
    );
    assert.equal(mesh.ownership('http', 'reviews', 80), 'not-ours');
    assert.match(lines.join(), /HTTP\/2/);
  });
  it('a DestinationRule that comes later, and goes again', () => {
    const { mesh, feed, begin } = scene(reviews([route(forward('c'))]));
    assert.equal(mesh.ownership('http', 'reviews', 80), 'ours');
    feed.set(model({ tls: MUTUAL, origin }));
    assert.equal(mesh.ownership('http', 'reviews', 80), 'not-ours');
    assert.equal(begin(), undefined);
    feed.set(model({}));
    assert.equal(mesh.ownership('http', 'reviews', 80), 'ours');
  });
  it('a change of the cluster alone is enough', () => {
    const { mesh, feed } = scene(reviews([route(forward('c'))]));
    const listener = (
      feed as unknown as { listener: { onClusters(changed: unknown[], removed: string[]): void } }
    ).listener;
    listener.onClusters([cluster('c', [], { tls: MUTUAL })], []);
    assert.equal(mesh.ownership('http', 'reviews', 80), 'not-ours');
    listener.onClusters([TWO], []);
    assert.equal(mesh.ownership('http', 'reviews', 80), 'ours');
  });
});

describe('TLS of the cluster', () => {
  const tls: ClusterTls = { kind: 'tls', subjectAltNames: [], autoSni: true, insecureSkipVerify: false };

  it('is for the connection of each attempt, with the authority as it is sent', () => {
    const { call } = scene(model({ tls }));
    assert.deepEqual(attempt(call().next(0)).tls, { settings: tls, authority: 'reviews' });
  });
  it('an attempt without it says nothing of it', () => {
    const { call } = scene(reviews([route(forward('c'))]));
    assert.equal(attempt(call().next(0)).tls, undefined);
  });
});

describe('what is done otherwise', () => {
  it('under auto-mTLS an endpoint marked tlsMode istio is called in plaintext, reported once', () => {
    const tls: ClusterTls = { kind: 'auto', sni: 's', subjectAltNames: [] };
    const marked = cluster('c', [endpoint('10.0.0.1', 80, { tlsMode: 'istio' })], { tls });
    const { call, lines, feed } = scene(reviews([route(forward('c'))], [marked]));
    assert.equal(attempt(call().next(0)).endpoint.address, '10.0.0.1');
    feed.set(reviews([route(forward('c'))], [marked]));
    assert.equal(lines.filter((line) => line.includes('plaintext')).length, 1);
  });
  it('a bad route is left out with one line', () => {
    const bad = route(forward('c'), '/', {
      name: 'bad',
      match: { path: { kind: 'regex', value: '(', caseSensitive: true }, headers: [], query: [] },
    });
    const { call, lines } = scene(reviews([bad, route(forward('c'))]));
    assert.equal(attempt(call().next(0)).cluster, 'c');
    assert.match(lines.join(), /route "bad" of reviews:80 is left out/);
  });
});
