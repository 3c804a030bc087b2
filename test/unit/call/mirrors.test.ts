import assert from 'node:assert/strict';
import type { ClusterSnapshot, MirrorPolicy } from '../../../src/model';
import { cluster, endpoint, forward, outlierDetection, retryPolicy, route } from '../../support/static-feed';
import { attempt, edits, localReply, REPLAYABLE, reviews, scene, TWO } from './scene';

const COPY = cluster('copy', [endpoint('10.0.0.9', 80)]);

function mirrored(
  mirrors: readonly Partial<MirrorPolicy>[],
  clusters: readonly ClusterSnapshot[] = [TWO, COPY],
) {
  const all = mirrors.map((mirror) => ({ cluster: 'copy', shadowSuffix: false, ...mirror }));
  const action = forward('c', {
    timeoutMs: 500,
    retry: retryPolicy({ on: ['5xx'] }),
    mirrors: all,
    prefixRewrite: '/new',
  });
  return scene(reviews([route(action, '/old')], clusters));
}

const share = (numerator: number) => ({ fraction: { numerator, denominator: 1_000_000 } });

describe('mirrors', () => {
  it('a copy has the same id, path and headers, x-envoy-attempt-count 1 and x-envoy-internal', () => {
    const begun = mirrored([{}]).call('/old/a?b');
    const first = attempt(begun.next(0));
    begun.reset(1, 'connection-termination', REPLAYABLE);
    begun.next(1);
    const [copy] = begun.mirrors;
    const sent = attempt(copy!.next(2));
    assert.deepEqual([sent.cluster, sent.endpoint.address, sent.path], ['copy', '10.0.0.9', '/new/a?b']);
    assert.equal(sent.retriable, false);
    assert.equal(copy!.timeoutMs, 500);
    assert.deepEqual(
      edits(sent)
        .filter((edit) => edit !== 'set x-envoy-internal: true')
        .sort(),
      [...edits(first)].sort(),
    );
    assert.ok(edits(sent).includes('set x-envoy-internal: true'));
    assert.ok(edits(sent).includes('set x-envoy-attempt-count: 1'));
  });
  it('each is drawn by itself, in its percentage', () => {
    const { call } = mirrored([share(200_000), share(0), share(1_000_000), {}]);
    let drawn = 0;
    const times = 10_000;
    for (let i = 0; i < times; i++) {
      const { length } = call('/old').mirrors;
      assert.ok(length === 2 || length === 3);
      drawn += length - 2;
    }
    assert.ok(Math.abs(drawn / times - 0.2) < 0.02, `${drawn} of ${times}`);
  });
  it('only with a shadow suffix the host is another', () => {
    const { call } = mirrored([{}, { shadowSuffix: true }]);
    const authorities = call('/old', { authority: 'reviews:8080' }).mirrors.map(
      (copy) => attempt(copy.next(0)).authority,
    );
    assert.deepEqual(authorities, [undefined, 'reviews-shadow:8080']);
  });
  it('nothing of it is reported, and nothing of it is retried', () => {
    const { call, records } = mirrored([{}]);
    const [copy] = call('/old').mirrors;
    copy!.next(0);
    assert.equal(localReply(copy!.reset(1, 'remote-connection-failure', REPLAYABLE)).status, 503);
    copy!.end(2);
    assert.deepEqual(records, []);
  });
  it('its failures count for its own cluster', () => {
    const weak = cluster('copy', [endpoint('10.0.0.9', 80)], {
      outlierDetection: outlierDetection({ consecutive5xx: 1, maxEjectionPercent: 100 }),
    });
    const { call } = mirrored([{}], [TWO, weak]);
    const [copy] = call('/old').mirrors;
    copy!.next(0);
    copy!.response(1, 503, () => undefined, REPLAYABLE);
    copy!.end(1);
    assert.equal(localReply(call('/old').mirrors[0]!.next(2)).body, 'no healthy upstream');
    assert.equal(call('/old').next(2).kind, 'attempt');
  });
  it('a cluster that is not there gets none, nor one that asks for TLS: nothing is sent in plaintext instead', () => {
    const tls = { kind: 'istio-mutual', sni: '', subjectAltNames: [] } as const;
    const secret = cluster('copy', [endpoint('10.0.0.9', 80)], { tls });
    assert.equal(mirrored([{}], [TWO]).call('/old').mirrors.length, 0);
    assert.equal(mirrored([{}], [TWO, secret]).call('/old').mirrors.length, 0);
  });
  it('upgrades and CONNECT are not copied', () => {
    const { call } = mirrored([{}]);
    assert.equal(call('/old', { headers: { upgrade: 'websocket' } }).mirrors.length, 0);
  });
  it('the body is kept for the copy though nothing can be retried', () => {
    const action = forward('c', { mirrors: [{ cluster: 'copy', shadowSuffix: false }] });
    const begun = scene(reviews([route(action)], [TWO, COPY])).call();
    assert.equal(begun.replayLimitBytes, 1024 * 1024);
    assert.equal(attempt(begun.next(0)).retriable, false);
  });
});
