import { strict as assert } from 'node:assert';
import { rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Value } from '@sinclair/typebox/value';
import type { Source } from '../../../../src/bridge/model';
import { createEurekaSource, type EurekaConfig, eurekaSchema } from '../../../../src/bridge/source/eureka';
import { RecordingSink, testContext } from '../../../support/bridge/recording-sink';
import { selfSigned } from '../../../support/certificate';
import { FakeEureka } from './server';

describe('the Eureka source', () => {
  const servers: FakeEureka[] = [];
  const sources: Source[] = [];

  afterEach(async () => {
    await Promise.all(sources.splice(0).map((source) => source.stop()));
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  async function eureka(): Promise<FakeEureka> {
    const server = await new FakeEureka().listen();
    servers.push(server);
    return server;
  }

  function follow(config: Partial<EurekaConfig>): RecordingSink {
    const defaults = Value.Default(eurekaSchema, { type: 'eureka', name: 'e' }) as EurekaConfig;
    const source = createEurekaSource(
      { ...defaults, pollIntervalMs: 50, settleMs: 0, ...config },
      testContext(),
    );
    sources.push(source);
    const sink = new RecordingSink();
    source.start(sink);
    return sink;
  }

  it('reports everything, then what deltas bring', async () => {
    const server = await eureka();
    server.register('ORDERS', { id: 'o1', port: 1, metadata: { zone: 'z1' } });
    server.register('STOCK', { id: 's1', port: 9 });
    const sink = follow({ servers: [`${server.url}/`] });
    await sink.until(() => sink.current === 'up', 'contact');
    assert.deepEqual(sink.calls, ['connecting', 'update ORDERS', 'update STOCK', 'synced', 'up']);

    server.register('ORDERS', { id: 'o2', port: 2 });
    await sink.until(() => sink.addresses('ORDERS').length === 2, 'the second instance');
    server.register('ORDERS', { id: 'o2', port: 2, status: 'OUT_OF_SERVICE' });
    await sink.until(() => sink.addresses('ORDERS').length === 1, 'the end of the second');
    const { healthy, enabled } = sink.services.get('ORDERS')!.instances[1]!;
    assert.deepEqual([healthy, enabled], [true, false]);
    server.cancel('STOCK', 's1');
    await sink.until(() => sink.calls.includes('remove STOCK'), 'removal');
    const full = server.requests.filter((path) => path === '/apps').length;
    assert.equal(full, 1, 'one full answer, all else by deltas');
    // The same delta is told again and again: nobody hears of it.
    const before = sink.calls.length;
    await server.asked('/apps/delta', 3);
    assert.equal(sink.calls.length, before);
  });

  it('reads all again when the hash says that something was missed', async () => {
    const server = await eureka();
    server.register('ORDERS', { id: 'o1', port: 1 });
    const sink = follow({ servers: [server.url] });
    await sink.until(() => sink.current === 'up', 'contact');
    server.register('ORDERS', { id: 'o2', port: 2 });
    server.forget();
    await sink.until(() => sink.addresses('ORDERS').length === 2, 'the missed instance');
    assert.equal(sink.count('synced'), 2);
  });

  it('never trusts a registry whose hash stays wrong', async () => {
    const server = await eureka();
    server.register('ORDERS', { id: 'o1', port: 1 });
    server.wrongHash = 'UP_7_';
    const sink = follow({ servers: [server.url] });
    await sink.until(() => sink.count('synced') >= 4, 'full answers again and again');
    assert.deepEqual(sink.addresses('ORDERS'), ['10.0.0.1:1']);
  });

  it('asks for the whole registry where deltas are switched off', async () => {
    const server = await eureka();
    server.override.set('/apps/delta', (response) => response.writeHead(403).end());
    const sink = follow({ servers: [server.url] });
    await sink.until(() => sink.current === 'up', 'contact');
    server.register('LATE', { id: 'l1', port: 1 });
    await sink.until(() => sink.services.has('LATE'), 'the new service');
  });

  it('reads the whole registry every fullIntervalMs, which finds what hashes do not cover', async () => {
    const server = await eureka();
    server.register('ORDERS', { id: 'o1', port: 1, metadata: { version: 'v1' } });
    const sink = follow({ servers: [server.url], fullIntervalMs: 120 });
    await sink.until(() => sink.current === 'up', 'contact');
    server.register('ORDERS', { id: 'o1', port: 1, metadata: { version: 'v2' } });
    server.forget();
    await sink.until(
      () => sink.services.get('ORDERS')?.instances[0]?.metadata['version'] === 'v2',
      'the metadata that no delta told',
    );
  });

  it('goes to the next server, keeps the state while none answers, and comes back', async () => {
    const [first, second] = [await eureka(), await eureka()];
    for (const server of [first, second]) server.register('ORDERS', { id: 'o1', port: 1 });
    const sink = follow({ servers: [first.url], zones: { z2: [second.url] } });
    await sink.until(() => sink.current === 'up', 'contact');
    assert.equal(second.requests.length, 0);
    const { port } = second;
    await first.close();
    second.register('ORDERS', { id: 'o2', port: 2 });
    await sink.until(() => sink.addresses('ORDERS').length === 2, "the other server's news");
    assert.ok(!sink.calls.some((call) => call.startsWith('down')), 'never down');
    await second.close();
    await sink.until(() => sink.current === 'down', 'the end of both');
    assert.match(sink.detail!, /127\.0\.0\.1:\d+\/eureka: .*; .*127\.0\.0\.1:\d+\/eureka: /);
    assert.equal(sink.addresses('ORDERS').length, 2);
    const third = await new FakeEureka().listen(port);
    servers.push(third);
    third.register('ORDERS', { id: 'o3', port: 3 });
    await sink.until(() => sink.current === 'up', 'the return');
    assert.deepEqual(sink.addresses('ORDERS'), ['10.0.0.1:3']);
  });

  it('believes for a while in those that a restarted server does not know yet', async () => {
    const server = await eureka();
    server.register('ORDERS', { id: 'o1', port: 1 });
    server.register('ORDERS', { id: 'o2', port: 2 });
    server.register('STOCK', { id: 's1', port: 9 });
    const sink = follow({ servers: [server.url], settleMs: 2_000 });
    await sink.until(() => sink.current === 'up', 'contact');
    const { port } = server;
    await server.close();
    await sink.until(() => sink.current === 'down', 'the outage');
    const again = await new FakeEureka().listen(port);
    servers.push(again);
    again.register('ORDERS', { id: 'o2', port: 22 });
    await sink.until(() => sink.current === 'up', 'the return');
    assert.deepEqual(sink.addresses('ORDERS'), ['10.0.0.1:1', '10.0.0.1:22']);
    assert.deepEqual(sink.addresses('STOCK'), ['10.0.0.1:9']);
    again.register('STOCK', { id: 's1', port: 99 });
    await sink.until(() => sink.addresses('STOCK')[0] === '10.0.0.1:99', 'the one that registered again');
    await sink.until(() => sink.addresses('ORDERS').length === 1, 'the end of the wait');
    assert.deepEqual(sink.addresses('ORDERS'), ['10.0.0.1:22']);
    assert.ok(!sink.calls.includes('remove STOCK'));
  });

  it('keeps the state over answers that are no answers', async () => {
    const server = await eureka();
    server.register('ORDERS', { id: 'o1', port: 1 });
    const sink = follow({ servers: [server.url], delta: false, timeoutMs: 200 });
    await sink.until(() => sink.current === 'up', 'contact');
    const broken: [string, RegExp, Parameters<FakeEureka['override']['set']>[1]][] = [
      ['an error', /status 500/, (response) => response.writeHead(500).end('{}')],
      ['garbage', /no JSON/, (response) => response.writeHead(200).end('<apps/>')],
      ['another JSON', /base URL/, (response) => response.writeHead(200).end('{"error":"x"}')],
      ['half an answer', /before the end/, halfAnAnswer],
      ['no answer', /within 0\.2 s/, () => undefined],
      ['a wrong path', /base URL/, (response) => response.writeHead(404).end()],
      ['no access', /username/, (response) => response.writeHead(401).end()],
    ];
    for (const [what, sentence, answer] of broken) {
      server.override.set('/apps', answer);
      await sink.until(
        () => sink.current === 'down' && sentence.test(sink.detail!),
        `the sentence for ${what}`,
      );
      assert.deepEqual(sink.addresses('ORDERS'), ['10.0.0.1:1'], what);
      server.override.clear();
      await sink.until(() => sink.current === 'up', 'the return');
    }
    assert.ok(!sink.calls.includes('remove ORDERS'));
  });

  it('names itself by user and password from a file, and asks for regions', async () => {
    const server = await eureka();
    const passwordFile = join(tmpdir(), `inmesh-eureka-password-${process.pid}`);
    await writeFile(passwordFile, 'secret\n');
    const sink = follow({ servers: [server.url], username: 'bridge', passwordFile, regions: ['eu', 'us 1'] });
    await sink.until(() => sink.current === 'up', 'contact');
    await server.asked('/apps');
    assert.equal(server.headers['authorization'], `Basic ${Buffer.from('bridge:secret').toString('base64')}`);
    assert.ok(server.requests.includes('/apps?regions=eu,us%201'));
    await rm(passwordFile);
  });

  it('verifies the certificate by a CA file', async () => {
    const pair = selfSigned(['eureka.test'], ['127.0.0.1']);
    const server = await new FakeEureka(pair).listen();
    servers.push(server);
    server.register('ORDERS', { id: 'o1', port: 1 });
    const caFile = join(tmpdir(), `inmesh-eureka-ca-${process.pid}.pem`);
    await writeFile(caFile, pair.cert);
    const refused = follow({ servers: [server.url] });
    await refused.until(() => refused.current === 'down', 'the refusal');
    assert.match(refused.detail!, /give the CA with tls\.caFile/);
    const sink = follow({ servers: [server.url], tls: { caFile, insecureSkipVerify: false } });
    await sink.until(() => sink.current === 'up', 'contact');
    assert.deepEqual(sink.addresses('ORDERS'), ['10.0.0.1:1']);
    await rm(caFile);
  });

  it('lists instances that cannot be used, and takes it back', async () => {
    const server = await eureka();
    server.override.set('/apps', (response) => {
      const instance = { hostName: 'h', ipAddr: '', status: 'UP', port: { $: '1', '@enabled': 'false' } };
      // Jettison's form: a list of one is the thing itself.
      response.end(
        JSON.stringify({ applications: { apps__hashcode: 'UP_1_', application: { name: 'A', instance } } }),
      );
    });
    const sink = follow({ servers: [server.url], delta: false });
    await sink.until(() => sink.current === 'up', 'contact');
    assert.match(sink.problems.get('A/h')!.reason, /neither its port nor its securePort/);
    assert.deepEqual(sink.services.get('A')!.instances, []);
    server.override.clear();
    await sink.until(() => sink.problems.size === 0, 'the end of the problem');
  });

  it('refuses a configuration without servers', () => {
    const config = Value.Default(eurekaSchema, { type: 'eureka', name: 'e' }) as EurekaConfig;
    assert.throws(() => createEurekaSource(config, testContext()), /needs `servers` or `zones`/);
  });
});

function halfAnAnswer(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': '99' });
  response.write('{', () => setTimeout(() => response.destroy(), 20));
}
