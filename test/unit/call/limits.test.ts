import assert from 'node:assert/strict';
import type { Call } from '../../../src/call';
import type { CircuitBreakers } from '../../../src/model';
import { cluster, endpoint, forward, retryPolicy, route } from '../../support/static-feed';
import { attempt, header, localReply, REPLAYABLE, reviews, scene } from './scene';

const NONE = Number.POSITIVE_INFINITY;
const none = () => undefined;

function limited(limits: Partial<CircuitBreakers>, retries = 1) {
  const circuitBreakers = {
    maxConnections: NONE,
    maxPendingRequests: NONE,
    maxRequests: NONE,
    maxRetries: NONE,
    ...limits,
  };
  const one = cluster('c', [endpoint('10.0.0.1', 80)], { circuitBreakers });
  const retry = retryPolicy({ on: ['5xx'], numRetries: retries });
  return scene(reviews([route(forward('c', { retry }))], [one]));
}

/** Its attempt has a connection, or not. */
function connect(call: Call): boolean {
  attempt(call.next(0));
  return call.connected(0);
}

describe('circuit breakers', () => {
  it('without limits nothing is counted', () => {
    assert.equal(attempt(limited({}).call().next(0)).limits, undefined);
  });
  it('http2MaxRequests bounds HTTP/1.1 too: limit 2, 6 at once, 2 succeed', () => {
    const { call, records } = limited({ maxRequests: 2 });
    const calls = Array.from({ length: 6 }, () => call());
    assert.deepEqual(calls.map(connect), [true, true, false, false, false, false]);
    const answer = localReply(calls[2]!.reset(0, 'overflow', REPLAYABLE));
    assert.equal(
      answer.body,
      'upstream connect error or disconnect/reset before headers. reset reason: overflow',
    );
    assert.equal(header(answer, 'x-envoy-overloaded'), 'true');
    calls[2]!.end(1);
    assert.deepEqual([answer.status, answer.flag, records[0]?.flag], [503, 'UO', 'UO']);
  });
  it('a request is given back once, however it ends', () => {
    const { call } = limited({ maxRequests: 1 });
    const ends: ((begun: Call) => void)[] = [
      (begun) => begun.end(1, 'DC'),
      (begun) => {
        begun.reset(1, 'connection-termination', REPLAYABLE);
        begun.end(1);
      },
      (begun) => {
        begun.response(1, 200, none, REPLAYABLE);
        begun.responseEnded(1, true);
        begun.end(1);
        begun.end(2);
      },
      (begun) => {
        begun.timeout(1);
        begun.end(1);
      },
      (begun) => {
        begun.perTryTimeout(1, REPLAYABLE);
        connect(begun);
        begun.end(1);
      },
    ];
    for (const end of ends) {
      const begun = call();
      assert.ok(connect(begun));
      assert.ok(begun.connected(0), 'asked again for the same attempt');
      const other = call();
      assert.ok(!connect(other));
      other.end(0);
      end(begun);
      const { limits } = attempt(call().next(2));
      assert.deepEqual([limits?.requests, limits?.retries], [0, 0]);
    }
  });
  it('maxRetries is about parallel retries: of five at once one is retried, the others get the first 503', () => {
    const { call, records } = limited({ maxRetries: 1 });
    const calls = Array.from({ length: 5 }, () => call());
    for (const begun of calls) connect(begun);
    const reactions = calls.map((begun) => begun.response(1, 503, none, REPLAYABLE).kind);
    assert.deepEqual(reactions, ['retry', 'deliver', 'deliver', 'deliver', 'deliver']);
    calls[1]!.end(1);
    assert.equal(records[0]?.flag, 'UO');
  });
  it('a retry counts until its answer', () => {
    const { call } = limited({ maxRetries: 1 }, 2);
    const [first, second] = [call(), call()];
    connect(first);
    connect(second);
    assert.equal(first.response(1, 503, none, REPLAYABLE).kind, 'retry');
    connect(first);
    assert.equal(first.response(2, 200, none, REPLAYABLE).kind, 'deliver');
    assert.equal(second.response(3, 503, none, REPLAYABLE).kind, 'retry');
    second.end(4, 'DC');
    assert.equal(attempt(call().next(5)).limits?.retries, 0);
  });
  it('a retry budget is a share of what is active, and at least its minimum', () => {
    const retryBudget = { percent: 50, minRetryConcurrency: 1 };
    const { call } = limited({ maxRetries: 0, retryBudget });
    const calls = Array.from({ length: 6 }, () => call());
    for (const begun of calls) connect(begun);
    const kinds = calls.map((begun) => begun.response(1, 503, none, REPLAYABLE).kind);
    // Half of 6, 5 and 4 active requests; a call that is retried is not active in its back-off.
    assert.deepEqual(kinds, ['retry', 'retry', 'deliver', 'deliver', 'deliver', 'deliver']);
    for (const begun of calls) begun.end(2);
    const alone = call();
    connect(alone);
    assert.equal(alone.response(3, 503, none, REPLAYABLE).kind, 'retry');
  });
  it('what is in use stays counted when the limits change', () => {
    const { call, feed } = limited({ maxRequests: 1 });
    const begun = call();
    assert.ok(connect(begun));
    const circuitBreakers = {
      maxConnections: NONE,
      maxPendingRequests: NONE,
      maxRequests: 2,
      maxRetries: NONE,
    };
    feed.set(reviews([route(forward('c'))], [cluster('c', [endpoint('10.0.0.1', 80)], { circuitBreakers })]));
    assert.deepEqual([connect(call()), connect(call())], [true, false]);
  });
});
