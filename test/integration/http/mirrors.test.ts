/** envoy.md §5: mirrors, seen by an application, its backend and the mirrors. */

import { strict as assert } from 'node:assert';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { type Backend, startBackend } from '../../support/http-backend';
import type { TestService } from '../../support/http-mesh';
import { onEveryNode } from '../../support/http-scene';

onEveryNode('mirrors of a route', (scene) => {
  let copy: Backend;
  let other: Backend;
  before(async () => {
    [copy, other] = await Promise.all([startBackend(), startBackend()]);
  });
  beforeEach(() => {
    for (const { seen } of [copy, other]) seen.length = 0;
  });
  after(() => Promise.all([copy?.close(), other?.close()]));

  const calls = (service: Partial<TestService>, specs: readonly object[]) =>
    scene.calls({ mirrors: [copy.port], ...service }, specs);

  /** The copy goes its own way; it may arrive after the process has ended. */
  async function arrived(backend: Backend, count: number): Promise<void> {
    for (let left = 1_000; backend.seen.length < count && left > 0; left--) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(backend.seen.length, count);
  }

  const url = 'http://svc.test/echo';

  it('every mirror gets a copy: same id, attempt 1, internal, forwarded for this process', async () => {
    const mirrors = [copy.port, other.port];
    await calls({ mirrors }, [{ url: `${url}?a=b`, headers: { 'X-A': '1' } }]);
    await arrived(copy, 1);
    await arrived(other, 1);
    const { headers, url: target } = scene.backend.seen[0]!;
    for (const seen of [copy.seen[0]!, other.seen[0]!]) {
      assert.equal(seen.url, target);
      const { 'x-envoy-internal': internal, 'x-forwarded-for': address, ...rest } = seen.headers;
      assert.deepEqual([internal, address], ['true', '127.0.0.1']);
      assert.deepEqual(rest, headers);
    }
  });

  it('bodies are copied, whole and in chunks, and connections used again', async () => {
    const before = copy.connections;
    await calls({}, [
      { url, method: 'POST', body: 'hello', headers: { 'Content-Length': 5 }, pauseMs: 1 },
      { url, method: 'POST', chunks: ['one', 'two'], body: '!', pauseMs: 100 },
      { url, method: 'POST', bytes: 900_000, pauseMs: 100 },
      { url, method: 'HEAD', pauseMs: 100 },
      { url, pauseMs: 100 },
    ]);
    await arrived(copy, 5);
    assert.deepEqual(
      copy.seen.map(({ method, body }) => [method, body.length]),
      scene.backend.seen.map(({ method, body }) => [method, body.length]),
    );
    assert.equal(copy.seen[1]!.body, 'onetwo!');
    // A copy that is still on its way when the next one starts keeps its connection: fewer than there are calls.
    assert.ok(copy.connections - before < 5, `${copy.connections - before} connections`);
  });

  it('sent once, not for retries', async () => {
    const spec = { url: 'http://svc.test/fail/mirrored/1/503', method: 'POST', body: 'x' };
    const [outcome] = await calls({ retryOn: ['5xx'] }, [spec]);
    assert.equal(outcome!.status, 200);
    await arrived(copy, 1);
    assert.equal(scene.backend.seen.length, 2);
    assert.equal(copy.seen[0]!.headers['x-envoy-attempt-count'], '1');
  });

  it('one that refuses, resets, hangs or talks nonsense has no effect, and does not keep the process alive', async () => {
    const sockets = new Set<Socket>();
    const silent: Server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    try {
      const mirrors = [1, (silent.address() as AddressInfo).port, copy.port];
      const specs = ['echo', 'reset/m/1', 'garbage', 'half', 'hang'].map((verb) => ({
        url: `http://svc.test/${verb}`,
        timeout: 300,
      }));
      const since = Date.now();
      const outcomes = await calls({ mirrors, timeoutMs: 250 }, specs.slice(0, 1));
      assert.equal(outcomes[0]!.status, 200);
      assert.ok(Date.now() - since < 5_000);
      await arrived(copy, 1);
      const counted = await calls({ mirrors }, [{ url: `${url}` }, { url: 'http://svc.test/status/404' }]);
      assert.deepEqual(
        counted.map(({ status }) => status),
        [200, 404],
      );
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });

  it('a body over the replay limit is not copied', async () => {
    const [outcome] = await calls({}, [{ url: 'http://svc.test/hash', method: 'POST', bytes: 3_000_000 }]);
    assert.equal(outcome!.status, 200);
    assert.equal(copy.seen.length, 0);
  });
});
