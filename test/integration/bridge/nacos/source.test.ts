/** The Nacos source against the in-memory registry: everything that needs a server which can be told to misbehave. */

import { strict as assert } from 'node:assert';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../../lab';
import { type DevNacos, type DevNacosOptions, startDevNacos, toPublished } from '../../../../src/dev/nacos';
import { selfSigned } from '../../../support/certificate';
import { eventually } from '../../../support/load';
import { startNacosSource, stopNacosSources } from '../../../support/nacos-bridge';

const SERVERS = new Set<DevNacos>();

async function nacos(options: DevNacosOptions = {}): Promise<DevNacos> {
  const server = await startDevNacos({ mergeDelayMs: 5, fuzzyDelayMs: 5, ...options });
  SERVERS.add(server);
  return server;
}

function id(name: string, group = 'DEFAULT_GROUP', namespace = 'public') {
  return { namespace, group, name };
}

function at(...ports: number[]) {
  return ports.map((port) => toPublished({ ip: '10.0.0.1', port }, true));
}

const ORDERS = 'public/DEFAULT_GROUP/orders';

describe('the Nacos source', function () {
  this.timeout(60_000);

  afterEach(async () => {
    await stopNacosSources();
    await Promise.all([...SERVERS].map((server) => server.stop()));
    SERVERS.clear();
  });

  for (const version of [2, 3] as const) {
    describe(`of a ${version}.x server`, () => {
      it('reports what there is, then synced, then every change', async () => {
        const server = await nacos({ version });
        server.register(id('orders'), at(1, 2));
        server.register(id('stock'), at(3));
        const { sink } = startNacosSource({ servers: [server.address], listIntervalMs: 100 });
        await sink.until(() => sink.syncs === 1);
        assert.deepEqual(sink.addresses(ORDERS), ['10.0.0.1:1', '10.0.0.1:2']);
        assert.equal(sink.events.at(-1), 'synced');
        assert.equal(sink.sourceState, 'up');
        server.register(id('orders'), at(2));
        await sink.until(() => sink.addresses(ORDERS)?.join() === '10.0.0.1:2');
        server.register(id('new'), at(9));
        await sink.until(() => sink.services.has('public/DEFAULT_GROUP/new'), 'a new service');
        server.register(id('stock'), []);
        await sink.until(
          () => sink.addresses('public/DEFAULT_GROUP/stock')?.length === 0,
          'an empty service',
        );
        server.cleanEmptyServices();
        await sink.until(() => !sink.services.has('public/DEFAULT_GROUP/stock'), 'a removed service');
      });

      it('says nothing when nothing changed', async () => {
        const server = await nacos({ version });
        server.register(id('orders'), at(1));
        const { sink } = startNacosSource({ servers: [server.address], listIntervalMs: 100 });
        await sink.until(() => sink.syncs === 1);
        server.register(id('orders'), at(1));
        server.register(id('end'), at(2));
        await sink.until(() => sink.services.has('public/DEFAULT_GROUP/end'));
        assert.equal(sink.events.filter((event) => event.startsWith(`update ${ORDERS}`)).length, 1);
      });

      it('follows groups and namespaces apart, also with equal names', async () => {
        const server = await nacos({ version });
        server.register(id('orders'), at(1));
        server.register(id('orders', 'other'), at(2));
        server.register(id('orders', 'DEFAULT_GROUP', 'ns2'), at(3));
        server.register(id('orders', 'not-asked-for'), at(4));
        const { sink } = startNacosSource({
          servers: [server.address],
          namespaces: ['public', 'ns2'],
          groups: ['DEFAULT_GROUP', 'other'],
        });
        await sink.until(() => sink.syncs > 0);
        const found = [...sink.services.keys()].sort().map((key) => [key, sink.addresses(key)]);
        assert.deepEqual(found, [
          ['ns2/DEFAULT_GROUP/orders', ['10.0.0.1:3']],
          [ORDERS, ['10.0.0.1:1']],
          ['public/other/orders', ['10.0.0.1:2']],
        ]);
        server.register(id('orders', 'DEFAULT_GROUP', 'ns2'), at(3, 5));
        await sink.until(() => sink.addresses('ns2/DEFAULT_GROUP/orders')?.length === 2);
        assert.deepEqual(sink.addresses(ORDERS), ['10.0.0.1:1']);
        assert.equal(server.connections, 2);
      });

      it('finds all namespaces and all groups by the admin API', async () => {
        const server = await nacos({ version });
        server.register(id('orders', 'any', 'ns1'), at(1));
        server.register(id('orders', 'group', 'ns2'), at(2));
        const { sink } = startNacosSource({
          servers: [server.address],
          adminUrl: `http://${server.address}/nacos`,
          namespaces: 'all',
          groups: 'all',
          listIntervalMs: 100,
        });
        await sink.until(() => sink.services.size === 2);
        server.register(id('late', 'unseen', 'ns1'), at(3));
        await sink.until(() => sink.services.has('ns1/unseen/late'));
      });
    });
  }

  it('leaves consumers, routers and configurators out', async () => {
    const server = await nacos();
    for (const category of ['consumers', 'routers', 'configurators', 'providers'])
      server.register(id(`${category}:demo.Greeting:1.0.0:g1`), at(1));
    const { sink } = startNacosSource({ servers: [server.address] });
    await sink.until(() => sink.syncs === 1);
    assert.deepEqual([...sink.services.keys()], ['public/DEFAULT_GROUP/interface/g1/demo.Greeting:1.0.0']);
  });

  it('lists beyond the limit of a FuzzyWatch', async () => {
    const server = await nacos({ fuzzyMostServices: 5 });
    for (let i = 0; i < 12; i++) server.register(id(`s${i}`), at(1));
    const { sink, log } = startNacosSource({ servers: [server.address], listIntervalMs: 100 });
    await sink.until(() => sink.services.size === 12);
    server.register(id('one-more'), at(1));
    await sink.until(() => sink.services.size === 13);
    assert.ok(log.some((line) => line.includes('nacos.fuzzy-watch.limited')));
  });

  describe('when the connection ends', () => {
    it('keeps what it knew and subscribes again', async () => {
      const server = await nacos();
      server.register(id('orders'), at(1));
      const { sink } = startNacosSource({ servers: [server.address] });
      await sink.until(() => sink.syncs === 1);
      server.cutConnections();
      await sink.until(() => sink.sourceState === 'down');
      assert.deepEqual(sink.addresses(ORDERS), ['10.0.0.1:1']);
      await sink.until(() => sink.syncs === 2);
      server.register(id('orders'), at(1, 2));
      await sink.until(() => sink.addresses(ORDERS)?.length === 2);
    });

    it('goes to the other server when its own fails', async () => {
      const [one, two] = [await nacos(), await nacos()];
      for (const server of [one, two]) server.register(id('orders'), at(1));
      const { sink, log } = startNacosSource({ servers: [one.address, two.address] });
      await sink.until(() => sink.syncs === 1);
      const [first, second] = one.connections === 1 ? [one, two] : [two, one];
      await first.stop();
      await sink.until(() => sink.syncs === 2);
      assert.equal(second.connections, 1);
      second.register(id('orders'), at(1, 2));
      await sink.until(() => sink.addresses(ORDERS)?.length === 2);
      assert.equal(log.filter((line) => line.includes('nacos.connected')).length, 2);
    });

    it('goes where a ConnectReset sends it', async () => {
      const [one, two] = [await nacos(), await nacos()];
      for (const server of [one, two]) server.register(id('orders'), at(1));
      const { sink } = startNacosSource({ servers: [one.address, two.address] });
      await sink.until(() => sink.syncs === 1);
      const [first, second] = one.connections === 1 ? [one, two] : [two, one];
      first.broadcast('ConnectResetRequest', { serverIp: '127.0.0.1', serverPort: String(second.port) });
      await sink.until(() => sink.syncs === 2);
      assert.equal(second.connections, 1);
    });

    it('notices a server that hangs by its health checks', async () => {
      const server = await nacos();
      server.register(id('orders'), at(1));
      const { sink } = startNacosSource({
        servers: [server.address],
        requestTimeoutMs: 300,
        listIntervalMs: 60_000,
      });
      await sink.until(() => sink.syncs === 1);
      server.hang(true);
      await sink.until(() => sink.sourceState === 'down', 'the outage');
      server.hang(false);
      await sink.until(() => sink.syncs === 2);
    });

    it('keeps instances that a restarted server has forgotten until they are back or things have settled', async () => {
      const port = await freePort();
      const before = await nacos({ port });
      before.register(id('orders'), at(1, 2));
      before.register(id('gone'), at(3));
      before.register(id('late'), at(4));
      const { sink } = startNacosSource({ servers: [before.address], settleMs: 1_500 });
      await sink.until(() => sink.syncs === 1);
      await before.stop();
      await sink.until(() => sink.sourceState === 'down');
      const after = await nacos({ port });
      await sink.until(() => sink.syncs === 2);
      assert.deepEqual(sink.addresses(ORDERS), ['10.0.0.1:1', '10.0.0.1:2']);
      after.register(id('late'), at(5));
      await sink.until(() => sink.addresses('public/DEFAULT_GROUP/late')?.length === 2, 'old and new');
      after.register(id('orders'), at(2));
      await sink.until(() => !sink.services.has('public/DEFAULT_GROUP/gone'), 'the settled state');
      assert.deepEqual(sink.addresses(ORDERS), ['10.0.0.1:2']);
      assert.deepEqual(sink.addresses('public/DEFAULT_GROUP/late'), ['10.0.0.1:5']);
      const updates = sink.events.filter((event) => event.startsWith(`update ${ORDERS}`));
      assert.deepEqual(updates.slice(-1), [`update ${ORDERS} 1`]);
      assert.ok(!sink.events.includes(`update ${ORDERS} 0`));
    });

    it('does not keep what goes away in the new session itself', async () => {
      const server = await nacos();
      server.register(id('orders'), at(1, 2));
      const { sink } = startNacosSource({ servers: [server.address], settleMs: 600_000 });
      await sink.until(() => sink.syncs === 1);
      server.cutConnections();
      await sink.until(() => sink.syncs === 2);
      server.register(id('orders'), at(2));
      await sink.until(() => sink.addresses(ORDERS)?.join() === '10.0.0.1:2');
      server.register(id('orders'), []);
      await sink.until(() => sink.addresses(ORDERS)?.length === 0);
    });
  });

  it('polls by HTTP only as long as gRPC cannot be reached', async () => {
    const port = await freePort();
    const behind = await nacos({ port, grpc: false });
    behind.register(id('orders'), at(1));
    const { sink } = startNacosSource({ servers: [behind.address], listIntervalMs: 100 });
    await sink.until(() => sink.syncs === 1);
    assert.match(sink.detail ?? '', /by HTTP polling/);
    behind.register(id('orders'), at(1, 2));
    await sink.until(() => sink.addresses(ORDERS)?.length === 2);
    behind.register(id('orders'), []);
    behind.cleanEmptyServices();
    await sink.until(() => !sink.services.has(ORDERS));
    behind.register(id('orders'), at(7));
    await sink.until(() => sink.services.has(ORDERS));
    await behind.stop();
    const open = await nacos({ port });
    open.register(id('orders'), at(7));
    await sink.until(() => open.connections === 1 && sink.sourceState === 'up' && sink.detail === undefined);
    assert.deepEqual(sink.addresses(ORDERS), ['10.0.0.1:7']);
  });

  describe('who it is', () => {
    it('logs in, uses the token and renews it before its end', async () => {
      const server = await nacos({ users: { bridge: 'secret' }, tokenTtl: 1 });
      server.register(id('orders'), at(1));
      const { sink } = startNacosSource({
        servers: [server.address],
        username: 'bridge',
        password: 'secret',
        listIntervalMs: 100,
      });
      await sink.until(() => sink.syncs === 1);
      await eventually('renewals', () => (server.logins > 2 ? true : undefined), 40_000);
      assert.equal(sink.events.filter((event) => event === 'state down').length, 0);
    });

    it('logs in again when its token is void', async () => {
      const server = await nacos({ users: { bridge: 'secret' } });
      server.register(id('orders'), at(1));
      const { sink } = startNacosSource({
        ...{ servers: [server.address], username: 'bridge', password: 'secret', listIntervalMs: 100 },
      });
      await sink.until(() => sink.syncs === 1);
      server.forgetTokens();
      await eventually('a second login', () => (server.logins === 2 ? true : undefined), 40_000);
      assert.equal(sink.sourceState, 'up');
    });

    it('says in one sentence what a wrong password is, and takes the right one from its file', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'inmesh-nacos-'));
      const passwordFile = join(folder, 'password');
      await writeFile(passwordFile, 'wrong\n');
      const server = await nacos({ users: { bridge: 'secret' } });
      const { sink } = startNacosSource({ servers: [server.address], username: 'bridge', passwordFile });
      await sink.until(() => sink.sourceState === 'down');
      assert.match(sink.detail ?? '', /the login is refused .* check username and password/);
      await writeFile(passwordFile, 'secret\n');
      await sink.until(() => sink.sourceState === 'up');
      await rm(folder, { recursive: true });
    });

    it('says what is missing when Nacos wants a user', async () => {
      const server = await nacos({ users: { bridge: 'secret' } });
      const { sink } = startNacosSource({ servers: [server.address] });
      await sink.until(() => sink.sourceState === 'down');
      assert.match(sink.detail ?? '', /Nacos refuses .*User not found.* check username and password/);
    });

    it('signs with an access key', async () => {
      const server = await nacos({ accessKeys: { key: 'secret' } });
      server.register(id('orders'), at(1));
      const config = { servers: [server.address], accessKey: 'key' };
      const right = startNacosSource({ ...config, secretKey: 'secret' });
      await right.sink.until(() => right.sink.syncs === 1);
      assert.deepEqual(right.sink.addresses(ORDERS), ['10.0.0.1:1']);
      const wrong = startNacosSource({ ...config, secretKey: 'other' });
      await wrong.sink.until(() => wrong.sink.sourceState === 'down');
    });
  });

  describe('by TLS', () => {
    let folder: string;
    let caFile: string;
    let server: DevNacos;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'inmesh-nacos-'));
      caFile = join(folder, 'ca.pem');
      const { key, cert } = selfSigned(['nacos.test'], ['127.0.0.1']);
      await writeFile(caFile, cert);
      const tls = { cert: Buffer.from(cert), key: Buffer.from(key) };
      server = await nacos({ tls, users: { bridge: 'secret' } });
      server.register(id('orders'), at(1));
    });

    afterEach(() => rm(folder, { recursive: true }));

    function follow(tls: Readonly<Record<string, unknown>>) {
      const servers = [`https://${server.address}`];
      return startNacosSource({ servers, username: 'bridge', password: 'secret', tls }).sink;
    }

    it('verifies the server by its CA and name, for gRPC and for the login', async () => {
      const plain = follow({ caFile });
      await plain.until(() => plain.syncs === 1);
      const named = follow({ caFile, serverName: 'nacos.test' });
      await named.until(() => named.syncs === 1);
      assert.deepEqual(named.addresses(ORDERS), ['10.0.0.1:1']);
    });

    it('says in one sentence what is wrong with a certificate', async () => {
      const other = follow({ caFile, serverName: 'other.test' });
      await other.until(() => other.sourceState === 'down');
      assert.match(other.detail ?? '', /check tls.caFile and tls.serverName/);
      const unknown = follow({});
      await unknown.until(() => unknown.sourceState === 'down');
      assert.match(unknown.detail ?? '', /check tls.caFile and tls.serverName/);
      const missing = follow({ caFile: join(folder, 'none.pem') });
      await missing.until(() => missing.sourceState === 'down');
      assert.match(missing.detail ?? '', /cannot read tls.caFile .*none.pem: ENOENT/);
    });
  });

  describe('where the servers are', () => {
    it('is read from a file', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'inmesh-nacos-'));
      const server = await nacos();
      server.register(id('orders'), at(1));
      const serversFile = join(folder, 'servers');
      const { sink } = startNacosSource({ serversFile });
      await sink.until(() => sink.sourceState === 'down');
      assert.match(sink.detail ?? '', /cannot read serversFile/);
      await writeFile(serversFile, `${server.address}\n`);
      await sink.until(() => sink.services.has(ORDERS));
      await rm(folder, { recursive: true });
    });

    it('is asked of an address server', async () => {
      const server = await nacos();
      server.register(id('orders'), at(1));
      const addresses = createServer((_, response) => response.end(`${server.address}\r\n`));
      await new Promise<void>((resolve) => addresses.listen(0, '127.0.0.1', resolve));
      const { port } = addresses.address() as AddressInfo;
      const { sink } = startNacosSource({ addressServer: `http://127.0.0.1:${port}/nacos/serverlist` });
      await sink.until(() => sink.services.has(ORDERS));
      addresses.closeAllConnections();
      await new Promise((resolve) => addresses.close(resolve));
    });

    it('being nowhere is told in one sentence', async () => {
      const port = await freePort();
      const { sink } = startNacosSource({ servers: [`127.0.0.1:${port}`] });
      await sink.until(() => sink.sourceState === 'down');
      assert.match(sink.detail ?? '', /127\.0\.0\.1:\d+: the gRPC port cannot be reached/);
    });
  });

  it('applies the rules that every Dubbo consumer applies, and takes them back', async () => {
    const server = await nacos();
    const metadata = { protocol: 'dubbo', application: 'a', weight: '30' };
    const provider = toPublished({ ip: '10.0.0.1', port: 20880, metadata }, true);
    server.register(id('providers:demo.Greeting:1.0.0:g1'), [provider]);
    const rule = (weight: number) =>
      JSON.stringify({
        configVersion: 'v3.0',
        scope: 'service',
        key: 'g1/demo.Greeting:1.0.0',
        enabled: true,
        configs: [{ side: 'consumer', addresses: ['0.0.0.0'], parameters: { weight } }],
      });
    const dataId = 'demo.Greeting:1.0.0:g1.configurators';
    server.publishConfig('public', 'dubbo', dataId, rule(7));
    const { sink } = startNacosSource({ servers: [server.address], listIntervalMs: 100 });
    const key = 'public/DEFAULT_GROUP/interface/g1/demo.Greeting:1.0.0';
    const weight = () => sink.services.get(key)?.instances[0]?.weight;
    await sink.until(() => sink.syncs === 1);
    assert.equal(weight(), 7);
    server.publishConfig('public', 'dubbo', dataId, rule(9));
    await sink.until(() => weight() === 9, 'the new weight');
    server.publishConfig('public', 'dubbo', dataId, 'configs: 5');
    await sink.until(() => sink.problems.size === 1, 'the complaint');
    assert.equal(weight(), 9);
    server.publishConfig('public', 'dubbo', dataId, '');
    await sink.until(() => weight() === 30 && sink.problems.size === 0, 'the own weight');
  });

  it('reads configuration for who needs it', async () => {
    const server = await nacos();
    server.publishConfig('public', 'revision-1', 'demo-provider', '{"app":"demo-provider"}');
    const { source, sink } = startNacosSource({ servers: [server.address] });
    await assert.rejects(
      source.readConfig('demo-provider', 'revision-1'),
      /no connection for namespace public/,
    );
    await sink.until(() => sink.syncs === 1);
    assert.equal(await source.readConfig('demo-provider', 'revision-1'), '{"app":"demo-provider"}');
    assert.equal(await source.readConfig('demo-provider', 'revision-2'), undefined);
  });
});
