import assert from 'node:assert/strict';
import { cluster, endpoint, forward, retryPolicy, route } from '../../support/static-feed';
import { attempt, edits, localReply, NOT_REPLAYABLE, REPLAYABLE, reviews, scene, TWO } from './scene';

const none = () => undefined;
const on5xx = retryPolicy({ on: ['5xx'] });

describe('retries', () => {
  it('prefer other hosts', () => {
    for (let seed = 0; seed < 30; seed++) {
      const begun = scene(reviews([route(forward('c', { retry: retryPolicy() }))]), { seed }).call();
      const first = attempt(begun.next(0)).endpoint;
      begun.reset(1, 'remote-connection-failure', REPLAYABLE);
      assert.notEqual(attempt(begun.next(2)).endpoint, first);
    }
  });
  it('the back-off is below 25 ms before the first retry', () => {
    for (let seed = 0; seed < 30; seed++) {
      const begun = scene(reviews([route(forward('c', { retry: on5xx }))]), { seed }).call();
      begun.next(0);
      const reaction = begun.response(1, 503, none, REPLAYABLE);
      assert.ok(reaction.kind === 'retry' && reaction.ms >= 0 && reaction.ms < 25);
    }
  });
  it('a covered status is retried, and delivered as it is when retries are used up', () => {
    const { call, records } = scene(reviews([route(forward('c', { retry: on5xx }))]));
    const begun = call();
    for (let i = 0; i < 2; i++) {
      begun.next(0);
      assert.equal(begun.response(1, 503, none, REPLAYABLE).kind, 'retry');
    }
    begun.next(0);
    assert.equal(begun.response(1, 503, none, REPLAYABLE).kind, 'deliver');
    begun.responseEnded(1, true);
    begun.end(1);
    assert.deepEqual([records[0]?.flag, records[0]?.status, records[0]?.attempts], ['URX', 503, 3]);
  });
  it('a status that is not covered is delivered', () => {
    const begun = scene(reviews([route(forward('c', { retry: retryPolicy() }))])).call();
    begun.next(0);
    assert.equal(begun.response(1, 503, none, REPLAYABLE).kind, 'deliver');
  });
  it('a body beyond the limit is not retried: the 503 goes to the client', () => {
    const begun = scene(reviews([route(forward('c', { retry: on5xx }))])).call();
    begun.next(0);
    assert.equal(begun.response(1, 503, none, NOT_REPLAYABLE).kind, 'deliver');
  });
  it('the replay limit is the one of the route, else 1 MiB, and 0 without retries', () => {
    const limit = (changes = {}, retry: typeof on5xx | undefined = on5xx) =>
      scene(reviews([route(forward('c', { retry }), '/', changes)])).call().replayLimitBytes;
    assert.equal(limit(), 1024 * 1024);
    assert.equal(limit({ perRequestBufferLimitBytes: 10 }), 10);
    assert.equal(limit({ perRequestBufferLimitBytes: 10 }, retryPolicy({ numRetries: 0 })), 0);
    assert.equal(scene(reviews([route(forward('c'))])).call().replayLimitBytes, 0);
  });
  it('x-envoy-attempt-count counts from 1 and includes tries that never reached a backend', () => {
    const begun = scene(reviews([route(forward('c', { retry: retryPolicy() }))])).call();
    assert.ok(edits(attempt(begun.next(0))).includes('set x-envoy-attempt-count: 1'));
    begun.reset(1, 'remote-connection-failure', REPLAYABLE);
    assert.ok(edits(attempt(begun.next(1))).includes('set x-envoy-attempt-count: 2'));
  });
  it('all tries carry the same x-request-id', () => {
    const begun = scene(reviews([route(forward('c', { retry: retryPolicy() }))])).call();
    const id = () => edits(attempt(begun.next(0))).find((edit) => edit.startsWith('set x-request-id'));
    const first = id();
    begun.reset(1, 'remote-connection-failure', REPLAYABLE);
    assert.ok(first !== undefined);
    assert.equal(id(), first);
  });
  it('reset-before-request covers what failed before it was connected, not after', () => {
    const retry = retryPolicy({ on: ['reset-before-request'] });
    const begun = scene(reviews([route(forward('c', { retry }))])).call();
    begun.next(0);
    assert.equal(begun.reset(1, 'connection-termination', REPLAYABLE).kind, 'retry');
    begun.next(1);
    begun.connected(2);
    assert.equal(begun.reset(3, 'connection-termination', REPLAYABLE).kind, 'local-reply');
  });
  it('endpoints that are gone meanwhile: no healthy upstream', () => {
    const { call, feed } = scene(reviews([route(forward('c', { retry: retryPolicy() }))]));
    const begun = call();
    begun.next(0);
    assert.equal(begun.reset(1, 'remote-connection-failure', REPLAYABLE).kind, 'retry');
    feed.set(reviews([route(forward('c'))], [cluster('c', [])]));
    assert.equal(localReply(begun.next(2)).body, 'no healthy upstream');
  });
  it('a call keeps the cluster its route chose, though a new rule no longer needs it', () => {
    const { call, feed } = scene(reviews([route(forward('c', { retry: retryPolicy() }))]));
    const begun = call();
    begun.next(0);
    begun.reset(1, 'remote-connection-failure', REPLAYABLE);
    feed.set(reviews([route(forward('d'))], [cluster('d', [])]));
    assert.equal(attempt(begun.next(2)).cluster, 'c');
  });
  it('an endpoint added meanwhile is used', () => {
    const one = cluster('c', [endpoint('10.0.0.1', 80)]);
    const { call, feed } = scene(reviews([route(forward('c', { retry: retryPolicy() }))], [one]));
    const begun = call();
    begun.next(0);
    begun.reset(1, 'remote-connection-failure', REPLAYABLE);
    feed.set(reviews([route(forward('c', { retry: retryPolicy() }))], [TWO]));
    assert.equal(attempt(begun.next(2)).endpoint.address, '10.0.0.2');
  });
});

describe('active requests of an endpoint', () => {
  it('are released exactly once, however a call ends', () => {
    const ends: ((begun: ReturnType<ReturnType<typeof scene>['call']>) => void)[] = [
      (begun) => begun.end(1, 'DC'),
      (begun) => {
        begun.reset(1, 'connection-termination', REPLAYABLE);
        begun.end(1);
        begun.end(2);
      },
      (begun) => {
        begun.response(1, 200, none, REPLAYABLE);
        begun.responseEnded(2, true);
        begun.responseEnded(2, false);
        begun.end(2);
      },
      (begun) => {
        begun.timeout(1);
        begun.end(1);
      },
      (begun) => {
        begun.perTryTimeout(1, REPLAYABLE);
        begun.next(2);
        begun.next(3);
        begun.end(3);
      },
    ];
    // LEAST_REQUEST with many choices always takes the idle host: a leak would show as a fixed choice.
    const least = { kind: 'LEAST_REQUEST', choiceCount: 64, activeRequestBias: 1 } as const;
    for (const end of ends) {
      const { call } = scene(
        reviews(
          [route(forward('c', { retry: on5xx }))],
          [cluster('c', [endpoint('10.0.0.1', 80), endpoint('10.0.0.2', 80)], { loadBalancing: least })],
        ),
      );
      for (let i = 0; i < 20; i++) {
        const begun = call();
        begun.next(0);
        end(begun);
      }
      const busy = call();
      const first = attempt(busy.next(0)).endpoint.address;
      for (let i = 0; i < 20; i++) {
        const other = call();
        assert.notEqual(attempt(other.next(0)).endpoint.address, first);
        other.end(0);
      }
      busy.end(0);
    }
  });
});
