/** envoy.md §7: circuit breakers and connection pools, seen by an application and its backend. */

import { strict as assert } from 'node:assert';
import { type Backend, startBackend } from '../../support/http-backend';
import { NODE_VERSIONS, nodeBinary, runApp } from '../../support/http-child';
import type { TestService } from '../../support/http-mesh';
import { peer } from '../../support/peer';

interface Outcome {
  readonly lost: number;
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly error?: string;
  readonly events: readonly string[];
  readonly readersAtClose?: number;
  readonly ms: number;
}

for (const version of NODE_VERSIONS) {
  describe(`limits of a cluster on Node ${version}`, function () {
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
      env = {},
    ): Promise<readonly Outcome[]> {
      const services = [{ host: 'svc.test', port: 80, endpoints: [backend.port], ...service }];
      const result = await runApp('http-calls.js', {
        node,
        mesh: { services },
        env: { CALLS: JSON.stringify(specs), ...env },
      });
      assert.doesNotMatch(result.stderr, /HOOK-ERROR/);
      assert.equal(result.code, 0, result.stderr);
      const outcomes = result.lines as Outcome[];
      for (const { lost } of outcomes) assert.equal(lost, 0, 'events outside the async context of the call');
      return outcomes;
    }

    const slow = { url: 'http://svc.test/slow/150' };
    const six = Array.from({ length: 6 }, () => slow);
    const statuses = (outcomes: readonly Outcome[]) => outcomes.map(({ status }) => status).sort();

    it('one connection and one pending on an open connection: one runs, one waits, four overflow at once', async () => {
      const limits = { maxConnections: 1, maxPendingRequests: 1 };
      const before = backend.connections;
      const outcomes = await calls({ limits }, [slow, ...six], { TOGETHER: '1', WARM: '1' });
      assert.deepEqual(statuses(outcomes.slice(1)), [200, 200, 503, 503, 503, 503]);
      const refused = outcomes.filter(({ status }) => status === 503);
      for (const { body, headers, ms } of refused) {
        assert.match(body!, /reset reason: overflow$/);
        assert.equal(headers!['x-envoy-overloaded'], 'true');
        assert.ok(ms < 140, `${ms} ms`);
      }
      assert.equal(backend.connections - before, 1);
    });

    it('while the connection is being made the request itself is pending', async () => {
      const outcomes = await calls({ limits: { maxConnections: 1, maxPendingRequests: 1 } }, six, {
        TOGETHER: '1',
      });
      assert.deepEqual(statuses(outcomes), [200, 503, 503, 503, 503, 503]);
    });

    it('maxConnections alone queues without limit, in order', async () => {
      const before = backend.connections;
      const outcomes = await calls({ limits: { maxConnections: 1 } }, six, { TOGETHER: '1' });
      assert.deepEqual(statuses(outcomes), [200, 200, 200, 200, 200, 200]);
      assert.equal(backend.connections - before, 1);
      assert.ok(outcomes.at(-1)!.ms >= 6 * 145);
    });

    it('http2MaxRequests bounds HTTP/1.1 too: limit 2, 6 at once, 2 succeed', async () => {
      const outcomes = await calls({ limits: { maxRequests: 2 } }, six, { TOGETHER: '1' });
      assert.deepEqual(statuses(outcomes), [200, 200, 503, 503, 503, 503]);
    });

    it('one that waits for a connection is not dropped by the limit on requests', async () => {
      const limits = { maxConnections: 1, maxPendingRequests: 1, maxRequests: 1 };
      const outcomes = await calls({ limits }, [slow, slow, slow, slow], { TOGETHER: '1', WARM: '1' });
      assert.deepEqual(statuses(outcomes.slice(1)), [200, 200, 503]);
    });

    it('who gives up in the queue leaves it, and who waits behind comes in', async () => {
      const specs = [slow, { ...slow, abortAfterMs: 30 }, { ...slow, timeout: 40 }, slow];
      const outcomes = await calls({ limits: { maxConnections: 1 } }, specs, { TOGETHER: '1' });
      assert.deepEqual(
        outcomes.map(({ status, error }) => status ?? error),
        [200, 'ECONNRESET', 'ECONNRESET', 200],
      );
      assert.equal(backend.seen.length, 2);
    });

    it('an answer has had its last event when its connection goes to the next', async () => {
      const outcomes = await calls({ limits: { maxConnections: 1 } }, six, { TOGETHER: '1' });
      assert.deepEqual(
        outcomes.map(({ readersAtClose }) => readersAtClose),
        [0, 0, 0, 0, 0, 0],
      );
    });

    it('the time-out on a connection that was another call’s is an event of the call that has it', async () => {
      const specs = [slow, { url: 'http://svc.test/slow/9000', timeout: 250 }];
      const [, second] = await calls({ limits: { maxConnections: 1 } }, specs, { TOGETHER: '1' });
      assert.ok(second!.events.includes('timeout'), second!.events.join());
    });

    it('the route timeout ends a wait in the queue', async () => {
      const specs = [{ url: 'http://svc.test/slow/250' }, { url: 'http://svc.test/slow/250' }];
      const outcomes = await calls({ limits: { maxConnections: 1 }, timeoutMs: 350 }, specs, {
        TOGETHER: '1',
      });
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        [200, 504],
      );
    });

    it('a connection that breaks makes room for the next', async () => {
      const specs = [{ url: 'http://svc.test/reset/limits/1' }, slow, slow];
      const before = backend.connections;
      const outcomes = await calls({ limits: { maxConnections: 1 } }, specs, { TOGETHER: '1' });
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        [503, 200, 200],
      );
      assert.equal(backend.connections - before, 2);
    });

    it('every endpoint gets a connection, whatever the limit', async () => {
      const other = await startBackend();
      try {
        const service = { endpoints: [backend.port, other.port], limits: { maxConnections: 1 } };
        const outcomes = await calls(service, six, { TOGETHER: '1' });
        assert.deepEqual(statuses(outcomes), [200, 200, 200, 200, 200, 200]);
        assert.equal(other.connections, 1);
        assert.equal(other.seen.length, 3);
      } finally {
        await other.close();
      }
    });

    it('all refused: those who wait are answered too', async () => {
      const service = { endpoints: [1], limits: { maxConnections: 1 } };
      const outcomes = await calls(service, [slow, slow, slow], { TOGETHER: '1' });
      assert.deepEqual(statuses(outcomes), [503, 503, 503]);
      for (const { body } of outcomes) assert.match(body!, /remote connection failure$/);
    });
  });
}
