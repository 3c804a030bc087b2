/** envoy.md §5: a fault's delay and abort, seen by an application. */

import { strict as assert } from 'node:assert';
import { type Backend, startBackend } from '../../support/http-backend';
import { NODE_VERSIONS, nodeBinary, runApp } from '../../support/http-child';
import type { TestService } from '../../support/http-mesh';
import { peer } from '../../support/peer';

interface Outcome {
  readonly events: readonly string[];
  readonly lost: number;
  readonly status?: number;
  readonly body?: string;
  readonly error?: string;
  readonly ms: number;
}

for (const version of NODE_VERSIONS) {
  describe(`faults of a route on Node ${version}`, function () {
    this.timeout(60_000);
    const node = nodeBinary(version);
    let backend: Backend;

    before(async function () {
      peer(this, node ?? { skipped: `Node ${version} is not in the lab's cache` });
      backend = await startBackend();
    });
    beforeEach(() => {
      backend.seen.length = 0;
    });
    after(() => backend?.close());

    async function calls(
      service: Partial<TestService>,
      specs: readonly object[],
    ): Promise<readonly Outcome[]> {
      const services = [{ host: 'svc.test', port: 80, endpoints: [backend.port], ...service }];
      const result = await runApp('http-calls.js', {
        node,
        mesh: { services },
        env: { CALLS: JSON.stringify(specs) },
      });
      assert.doesNotMatch(result.stderr, /HOOK-ERROR/);
      assert.equal(result.code, 0, result.stderr);
      const outcomes = result.lines as Outcome[];
      for (const { lost } of outcomes) assert.equal(lost, 0, 'events outside the async context of the call');
      return outcomes;
    }

    const url = 'http://svc.test/echo';

    it('an abort is the answer, is not retried, and reaches nobody', async () => {
      const service = { fault: { abort: 503 }, retryOn: ['5xx'] };
      const outcomes = await calls(service, [
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
      assert.equal(backend.seen.length, 0);
    });

    it('a delay holds the call back and does not count for the route timeout', async () => {
      const service = { fault: { delayMs: 300 }, timeoutMs: 200 };
      const outcomes = await calls(service, [
        { url },
        { url, method: 'POST', chunks: ['one', 'two'], body: '!' },
      ]);
      for (const { status, ms } of outcomes) {
        assert.equal(status, 200);
        assert.ok(ms >= 295 && ms < 2_000, `${ms} ms`);
      }
      assert.equal(backend.seen[1]!.body, 'onetwo!');
    });

    it('first the delay, then the abort', async () => {
      const [outcome] = await calls({ fault: { delayMs: 200, abort: 400 } }, [{ url }]);
      assert.equal(outcome!.status, 400);
      assert.ok(outcome!.ms >= 195);
    });

    it('given up in the delay: released at once, hang up, nothing sent', async () => {
      const service = { fault: { delayMs: 30_000 } };
      const [aborted, timedOut] = await calls(service, [
        { url, abortAfterMs: 50 },
        { url, timeout: 50 },
      ]);
      assert.equal(aborted!.error, 'ECONNRESET');
      assert.ok(aborted!.ms < 2_000);
      assert.equal(timedOut!.error, 'ECONNRESET');
      assert.ok(timedOut!.events.includes('timeout'));
      assert.equal(backend.seen.length, 0);
    });
  });
}
