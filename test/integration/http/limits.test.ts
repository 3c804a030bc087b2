/** envoy.md §7: circuit breakers and connection pools, seen by an application and its backend. */

import { strict as assert } from 'node:assert';
import { startBackend } from '../../support/http-backend';
import { type CallOutcome, onEveryNode } from '../../support/http-scene';

onEveryNode('limits of a cluster', (scene) => {
  const slow = { url: 'http://svc.test/slow/150' };
  const six = Array.from({ length: 6 }, () => slow);
  const statuses = (outcomes: readonly CallOutcome[]) => outcomes.map(({ status }) => status).sort();

  it('one connection and one pending on an open connection: one runs, one waits, four overflow at once', async () => {
    const limits = { maxConnections: 1, maxPendingRequests: 1 };
    const before = scene.backend.connections;
    const outcomes = await scene.calls({ limits }, [slow, ...six], { TOGETHER: '1', WARM: '1' });
    assert.deepEqual(statuses(outcomes.slice(1)), [200, 200, 503, 503, 503, 503]);
    const refused = outcomes.filter(({ status }) => status === 503);
    const first = Math.min(...outcomes.slice(1).map(({ status, ms }) => (status === 200 ? ms : Infinity)));
    for (const { body, headers, ms } of refused) {
      assert.match(body!, /reset reason: overflow$/);
      assert.equal(headers!['x-envoy-overloaded'], 'true');
      assert.ok(ms < first, `${ms} ms, the first answer took ${first}`);
    }
    assert.equal(scene.backend.connections - before, 1);
  });

  it('while the connection is being made the request itself is pending', async () => {
    const outcomes = await scene.calls({ limits: { maxConnections: 1, maxPendingRequests: 1 } }, six, {
      TOGETHER: '1',
    });
    assert.deepEqual(statuses(outcomes), [200, 503, 503, 503, 503, 503]);
  });

  it('maxConnections alone queues without limit, in order', async () => {
    const before = scene.backend.connections;
    const outcomes = await scene.calls({ limits: { maxConnections: 1 } }, six, { TOGETHER: '1' });
    assert.deepEqual(statuses(outcomes), [200, 200, 200, 200, 200, 200]);
    assert.equal(scene.backend.connections - before, 1);
    assert.ok(outcomes.at(-1)!.ms >= 6 * 145);
  });

  it('http2MaxRequests bounds HTTP/1.1 too: limit 2, 6 at once, 2 succeed', async () => {
    const outcomes = await scene.calls({ limits: { maxRequests: 2 } }, six, { TOGETHER: '1' });
    assert.deepEqual(statuses(outcomes), [200, 200, 503, 503, 503, 503]);
  });

  it('one that waits for a connection is not dropped by the limit on requests', async () => {
    const limits = { maxConnections: 1, maxPendingRequests: 1, maxRequests: 1 };
    const outcomes = await scene.calls({ limits }, [slow, slow, slow, slow], { TOGETHER: '1', WARM: '1' });
    assert.deepEqual(statuses(outcomes.slice(1)), [200, 200, 503]);
  });

  it('who gives up in the queue leaves it, and who waits behind comes in', async () => {
    const specs = [slow, { ...slow, abortAfterMs: 30 }, { ...slow, timeout: 40 }, slow];
    const outcomes = await scene.calls({ limits: { maxConnections: 1 } }, specs, { TOGETHER: '1' });
    assert.deepEqual(
      outcomes.map(({ status, error }) => status ?? error),
      [200, 'ECONNRESET', 'ECONNRESET', 200],
    );
    assert.equal(scene.backend.seen.length, 2);
  });

  it('an answer has had its last event when its connection goes to the next', async () => {
    const outcomes = await scene.calls({ limits: { maxConnections: 1 } }, six, { TOGETHER: '1' });
    assert.deepEqual(
      outcomes.map(({ readersAtClose }) => readersAtClose),
      [0, 0, 0, 0, 0, 0],
    );
  });

  it('the time-out on a connection that was another call’s is an event of the call that has it', async () => {
    const specs = [slow, { url: 'http://svc.test/slow/9000', timeout: 250 }];
    const [, second] = await scene.calls({ limits: { maxConnections: 1 } }, specs, { TOGETHER: '1' });
    assert.ok(second!.events.includes('timeout'), second!.events.join());
  });

  it('the route timeout ends a wait in the queue', async () => {
    const specs = [{ url: 'http://svc.test/slow/500' }, { url: 'http://svc.test/slow/500' }];
    const outcomes = await scene.calls({ limits: { maxConnections: 1 }, timeoutMs: 800 }, specs, {
      TOGETHER: '1',
    });
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      [200, 504],
    );
  });

  it('a connection that breaks makes room for the next', async () => {
    const specs = [{ url: 'http://svc.test/reset/limits/1' }, slow, slow];
    const before = scene.backend.connections;
    const outcomes = await scene.calls({ limits: { maxConnections: 1 } }, specs, { TOGETHER: '1' });
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      [503, 200, 200],
    );
    assert.equal(scene.backend.connections - before, 2);
  });

  it('every endpoint gets a connection, whatever the limit', async () => {
    const other = await startBackend();
    try {
      const service = { endpoints: [scene.backend.port, other.port], limits: { maxConnections: 1 } };
      const outcomes = await scene.calls(service, six, { TOGETHER: '1' });
      assert.deepEqual(statuses(outcomes), [200, 200, 200, 200, 200, 200]);
      assert.equal(other.connections, 1);
      assert.equal(other.seen.length, 3);
    } finally {
      await other.close();
    }
  });

  it('all refused: those who wait are answered too', async () => {
    const service = { endpoints: [1], limits: { maxConnections: 1 } };
    const outcomes = await scene.calls(service, [slow, slow, slow], { TOGETHER: '1' });
    assert.deepEqual(statuses(outcomes), [503, 503, 503]);
    for (const { body } of outcomes) assert.match(body!, /remote connection failure$/);
  });
});
