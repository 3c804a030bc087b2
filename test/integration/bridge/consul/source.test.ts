import { strict as assert } from 'node:assert';
import type { ServerResponse } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { Value } from '@sinclair/typebox/value';
import type { Source } from '../../../../src/bridge/model';
import { type ConsulConfig, consulSchema, createConsulSource } from '../../../../src/bridge/source/consul';
import { RecordingSink, testContext } from '../../../support/bridge/recording-sink';
import { FakeConsul } from './server';

describe('the Consul source', () => {
  const servers: FakeConsul[] = [];
  const sources: Source[] = [];

  afterEach(async () => {
    await Promise.all(sources.splice(0).map((source) => source.stop()));
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  async function consul(datacenters?: readonly string[], port?: number): Promise<FakeConsul> {
    const server = await new FakeConsul(datacenters).listen(port);
    servers.push(server);
    return server;
  }

  function follow(config: Partial<ConsulConfig>): RecordingSink {
    const defaults = Value.Default(consulSchema, { type: 'consul', name: 'c' }) as ConsulConfig;
    const source = createConsulSource({ ...defaults, ...config }, testContext());
    sources.push(source);
    const sink = new RecordingSink();
    source.start(sink);
    return sink;
  }

  it('reports everything, then every change as Consul lets go of the question', async () => {
    const server = await consul();
    server.register('consul', { id: 'consul', port: 8300 });
    server.register('orders', { id: 'o1', port: 1, status: 'passing' });
    const sink = follow({ servers: [`${server.url}/`] });
    await sink.until(() => sink.current === 'up', 'contact');
    assert.deepEqual(sink.calls, ['connecting', 'update dc1/orders', 'synced', 'up']);
    assert.deepEqual(sink.addresses('dc1/orders'), ['10.0.0.9:1']);
    const { namespace, group, name } = sink.services.get('dc1/orders')!;
    assert.deepEqual([namespace, group, name], ['', 'dc1', 'orders']);

    server.register('orders', { id: 'o2', port: 2, address: '10.0.0.2', status: 'passing' });
    await sink.until(() => sink.addresses('dc1/orders').length === 2, 'the second instance');
    server.check('orders', 'o1', 'critical');
    await sink.until(() => sink.addresses('dc1/orders').length === 1, 'the end of the critical one');
    server.register('stock', { id: 's1', port: 9 });
    await sink.until(() => sink.services.has('dc1/stock'), 'the new service');
    server.deregister('stock', 's1');
    await sink.until(() => sink.calls.includes('remove dc1/stock'), 'its removal');
  });

  it('weighs and judges as Consul does, warnings only when asked', async () => {
    const server = await consul();
    const weights = { Passing: 10, Warning: 2 };
    server.register('a', { id: 'w', port: 1, status: 'warning', weights });
    server.register('a', { id: 'p', port: 2, status: 'passing', weights });
    server.register('a', { id: 'm', port: 3, status: 'critical', checkId: '_service_maintenance:m' });
    const facts = (sink: RecordingSink) =>
      sink.services.get('dc1/a')!.instances.map((each) => [each.id, each.weight, each.healthy, each.enabled]);
    const strict = follow({ servers: [server.url] });
    const lax = follow({ servers: [server.url], warning: true });
    await strict.until(() => strict.current === 'up', 'contact');
    await lax.until(() => lax.current === 'up', 'contact');
    assert.deepEqual(facts(strict), [
      ['n1/m', 1, false, false],
      ['n1/p', 10, true, true],
      ['n1/w', 2, false, true],
    ]);
    assert.deepEqual(facts(lax)[2], ['n1/w', 2, true, true]);
  });

  it('makes metadata of tags and meta, and leaves proxies out', async () => {
    const server = await consul();
    server.register('a', { id: 'a1', port: 1, tags: ['v2', 'lane=blue'], meta: { lane: 'green', x: 'y' } });
    server.register('a-sidecar-proxy', { id: 'p', port: 2, kind: 'connect-proxy' });
    const sink = follow({ servers: [server.url] });
    await sink.until(() => sink.current === 'up', 'contact');
    assert.deepEqual([...sink.services.keys()], ['dc1/a']);
    const { metadata } = sink.services.get('dc1/a')!.instances[0]!;
    assert.deepEqual(metadata, { 'tag.v2': 'true', lane: 'green', x: 'y' });
  });

  it('follows only services with a wanted tag', async () => {
    const server = await consul();
    server.register('a', { id: 'a1', port: 1, tags: ['mesh'] });
    server.register('b', { id: 'b1', port: 1 });
    const sink = follow({ servers: [server.url], tags: ['mesh'] });
    await sink.until(() => sink.current === 'up', 'contact');
    assert.deepEqual([...sink.services.keys()], ['dc1/a']);
    server.register('b', { id: 'b1', port: 1, tags: ['mesh'] });
    await sink.until(() => sink.services.has('dc1/b'), 'the tagged service');
    server.register('a', { id: 'a1', port: 1, tags: [] });
    await sink.until(() => sink.calls.includes('remove dc1/a'), 'the end of the untagged one');
  });

  it('follows all datacenters; one that is away keeps its state and makes the source old', async () => {
    const server = await consul(['dc1', 'dc2']);
    server.register('orders', { id: 'o1', port: 1 });
    server.register('orders', { id: 'o2', port: 2 }, 'dc2');
    const sink = follow({ servers: [server.url], datacenters: 'all', timeoutMs: 2_000 });
    await sink.until(() => sink.current === 'up', 'contact');
    assert.deepEqual(sink.addresses('dc2/orders'), ['10.0.0.9:2']);
    const dc2 = server.states.get('dc2')!;
    server.states.delete('dc2');
    const others = follow({ servers: [server.url], datacenters: ['dc1', 'dc2'] });
    await others.until(() => others.current === 'down' && others.services.has('dc1/orders'), 'half a state');
    assert.match(others.detail!, /datacenter dc2: .*500: No path to datacenter/);
    assert.equal(others.count('synced'), 0);
    server.states.set('dc2', dc2);
    await others.until(() => others.current === 'up', 'the other half');
    assert.deepEqual(others.addresses('dc2/orders'), ['10.0.0.9:2']);
  });

  it('begins anew when the index goes backwards', async () => {
    const server = await consul();
    server.index = 1_000;
    server.register('orders', { id: 'o1', port: 1 });
    const sink = follow({ servers: [server.url] });
    await sink.until(() => sink.current === 'up', 'contact');
    server.restart(3);
    server.register('orders', { id: 'o2', port: 2 });
    await sink.until(() => sink.addresses('dc1/orders').length === 2, 'what came after the restart');
    const asksAnew = () => {
      const asked = server.requests.filter((request) => request.startsWith('/v1/health/service/orders'));
      return asked.slice(1).some((request) => !request.includes('index='));
    };
    while (!asksAnew()) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('does not spin when an agent answers at once, or with index 0', async () => {
    const server = await consul();
    server.register('orders', { id: 'o1', port: 1 });
    server.intercept = (path, response) => {
      response.writeHead(200, { 'x-consul-index': '0' });
      response.end(
        path === '/v1/catalog/services' ? '{"orders":[]}' : path.includes('datacenters') ? '["dc1"]' : '[]',
      );
      return true;
    };
    const began = Date.now();
    const sink = follow({ servers: [server.url] });
    await sink.until(() => sink.current === 'up', 'contact');
    const asked = () => server.requests.filter((request) => request.includes('/services?')).length;
    while (asked() < 5) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.ok(Date.now() - began >= 300, 'four gaps of 100 ms lie between five questions');
    assert.ok(
      server.requests.some((request) => request.includes('index=1&')),
      'index 0 counts as 1',
    );
  });

  it('goes to the next agent, keeps the state while none answers, and comes back', async () => {
    const [first, second] = [await consul(), await consul()];
    for (const server of [first, second]) server.register('orders', { id: 'o1', port: 1 });
    const sink = follow({ servers: [first.url, second.url] });
    await sink.until(() => sink.current === 'up', 'contact');
    assert.equal(second.requests.length, 0);
    second.register('orders', { id: 'o2', port: 2 });
    await first.close();
    const hasNews = () => sink.addresses('dc1/orders').length === 2;
    // Up: none of its questions is still one that the first agent did not answer.
    await sink.until(() => sink.current === 'up' && hasNews(), "the other agent's news");
    const { port } = second;
    await second.close();
    await sink.until(() => sink.current === 'down', 'the end of both');
    assert.ok(hasNews());
    const third = await consul(['dc1'], port);
    third.register('orders', { id: 'o3', port: 3 });
    // A question that was between two answers learns of the third without having failed, and may do so after the others.
    const hasReturned = () => isDeepStrictEqual(sink.addresses('dc1/orders'), ['10.0.0.9:3']);
    await sink.until(() => sink.current === 'up' && hasReturned(), 'the return', 40_000);
  }).timeout(60_000);

  it('says what is wrong with an answer, and keeps the state', async () => {
    const server = await consul();
    server.register('orders', { id: 'o1', port: 1 });
    const sink = follow({ servers: [server.url], token: 'abc', waitMs: 1_000, timeoutMs: 1_000 });
    await sink.until(() => sink.current === 'up', 'contact');
    assert.equal(server.headers['x-consul-token'], 'abc');
    const answers: [RegExp, (response: ServerResponse) => void][] = [
      [
        /refuses the token \(403: ACL not found\)/,
        (response) => response.writeHead(403).end('ACL not found'),
      ],
      [/lower `maxConnections`/, (response) => response.writeHead(429).end('Your IP is issuing too many')],
      [/no JSON/, (response) => response.writeHead(200).end('<html>')],
      [/no complete answer within/, () => undefined],
      [/no services|no list/, (response) => response.writeHead(200).end('"x"')],
    ];
    for (const [sentence, answer] of answers) {
      server.intercept = (_path, response) => {
        answer(response);
        return true;
      };
      await sink.until(() => sink.current === 'down' && sentence.test(sink.detail!), String(sentence));
      server.intercept = undefined;
      await sink.until(() => sink.current === 'up', 'the return');
    }
    assert.deepEqual(sink.addresses('dc1/orders'), ['10.0.0.9:1']);
    assert.ok(!sink.calls.includes('remove dc1/orders'));
  }).timeout(60_000);

  it('follows more services than connections by checks, the catalogue and sweeps', async () => {
    const server = await consul();
    for (let i = 0; i < 60; i++) server.register(`s${i}`, { id: `i${i}`, port: i + 1, status: 'passing' });
    const sink = follow({ servers: [server.url], maxConnections: 12, sweepIntervalMs: 200 });
    await sink.until(() => sink.current === 'up', 'contact');
    assert.equal(sink.services.size, 60);
    assert.ok(server.mostHeld <= 12, `${server.mostHeld} questions at a time`);
    server.check('s7', 'i7', 'critical');
    await sink.until(() => sink.addresses('dc1/s7').length === 0, 'the critical one');
    server.check('s7', 'i7', 'passing');
    await sink.until(() => sink.addresses('dc1/s7').length === 1, 'its return');
    // No check changes: only a sweep finds it.
    server.register('s9', { id: 'i9', port: 10, status: 'passing', meta: { version: 'v2' } });
    await sink.until(
      () => sink.services.get('dc1/s9')?.instances[0]?.metadata['version'] === 'v2',
      'the changed metadata',
    );
    for (let i = 5; i < 60; i++) server.deregister(`s${i}`, `i${i}`);
    await sink.until(() => sink.services.size === 5, 'the removals');
    // Few enough again: each is waited for.
    server.register('s1', { id: 'more', port: 99 });
    await sink.until(() => sink.addresses('dc1/s1').length === 2, 'the news');
    const isHeld = () => server.requests.some((request) => /\/health\/service\/s1\?.*index=/.test(request));
    while (!isHeld()) await new Promise((resolve) => setTimeout(resolve, 10));
  });
});
