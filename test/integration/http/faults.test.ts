/** envoy.md §5: a fault's delay and abort, seen by an application. */

import { strict as assert } from 'node:assert';
import { onEveryNode } from '../../support/http-scene';

onEveryNode('faults of a route', (scene) => {
  const url = 'http://svc.test/echo';

  it('an abort is the answer, is not retried, and reaches nobody', async () => {
    const service = { fault: { abort: 503 }, retryOn: ['5xx'] };
    const outcomes = await scene.calls(service, [
      { url },
      { url, method: 'POST', body: 'x' },
      { url, method: 'HEAD' },
    ]);
    assert.deepEqual(
      outcomes.map(({ status, body }) => [status, body]),
      [
        [503, 'fault filter abort'],
        [503, 'fault filter abort'],
        [503, ''],
      ],
    );
    assert.equal(scene.backend.seen.length, 0);
  });

  it('a delay holds the call back and does not count for the route timeout', async () => {
    const service = { fault: { delayMs: 300 }, timeoutMs: 200 };
    const outcomes = await scene.calls(service, [
      { url },
      { url, method: 'POST', chunks: ['one', 'two'], body: '!' },
    ]);
    for (const { status, ms } of outcomes) {
      assert.equal(status, 200);
      assert.ok(ms >= 295 && ms < 2_000, `${ms} ms`);
    }
    assert.equal(scene.backend.seen[1]!.body, 'onetwo!');
  });

  it('first the delay, then the abort', async () => {
    const [outcome] = await scene.calls({ fault: { delayMs: 200, abort: 400 } }, [{ url }]);
    assert.equal(outcome!.status, 400);
    assert.ok(outcome!.ms >= 195);
  });

  it('given up in the delay: released at once, hang up, nothing sent', async () => {
    const service = { fault: { delayMs: 30_000 } };
    const [aborted, timedOut] = await scene.calls(service, [
      { url, abortAfterMs: 50 },
      { url, timeout: 50 },
    ]);
    assert.equal(aborted!.error, 'ECONNRESET');
    assert.ok(aborted!.ms < 2_000);
    assert.equal(timedOut!.error, 'ECONNRESET');
    assert.ok(timedOut!.events.includes('timeout'));
    assert.equal(scene.backend.seen.length, 0);
  });
});
