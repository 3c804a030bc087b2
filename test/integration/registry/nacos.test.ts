/** The unmodified npm client `nacos`, as a process of its own, between a registry and a control plane. */

import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DevNacos, type Published, startDevNacos } from '../../../src/dev/nacos';
import {
  AdsServer,
  catchAll,
  clusterName,
  edsCluster,
  endpoints,
  mesh,
  virtualHost,
} from '../../support/ads-server';
import { ROOT } from '../../support/app';
import { RegistryClient } from '../../support/registry/client';
import { Instance } from '../../support/registry/instances';

const HOST = 'orders.default.svc.cluster.local';
const SERVICE = 'orders';

interface Record_ {
  readonly ip: string;
  readonly port: number;
  readonly weight: number;
  readonly metadata: { readonly [key: string]: string };
}

function published({ port }: Instance, more: Partial<Published> = {}): Published {
  return {
    ip: '127.0.0.1',
    port,
    weight: 1,
    healthy: true,
    enabled: true,
    ephemeral: true,
    clusterName: 'DEFAULT',
    metadata: { version: 'legacy' },
    ...more,
  };
}

const ports = (records: readonly Record_[]) => records.map(({ port }) => port);
const addresses = (records: readonly Record_[]) => records.map(({ ip, port }) => `${ip}:${port}`);
const isCopy = ({ metadata }: Record_) => 'inmesh.origin' in metadata;

describe('nacos 2.6.3 under the agent', function () {
  this.timeout(120_000);
  let ads: AdsServer;
  let nacos: DevNacos;
  let legacy: Instance;
  let a: Instance;
  let b: Instance;
  const clients: RegistryClient[] = [];

  before(async () => {
    [legacy, a, b] = (await Promise.all(['legacy', 'a', 'b'].map((name) => Instance.start(name)))) as [
      Instance,
      Instance,
      Instance,
    ];
  });
  beforeEach(async () => {
    ads = await new AdsServer().start();
    nacos = await startDevNacos({ mergeDelayMs: 10 });
    inRegistry(published(legacy));
    inMesh(a, b);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.stop();
    ads.stop();
    await nacos.stop();
  });
  after(async () => {
    for (const instance of [legacy, a, b]) await instance.stop();
  });

  function inRegistry(...instances: readonly Published[]): void {
    nacos.register({ namespace: 'public', group: 'DEFAULT_GROUP', name: SERVICE }, instances);
  }

  function inMesh(...instances: readonly Instance[]): void {
    ads.set(mesh([{ host: HOST, endpoints: instances.map(({ endpoint }) => endpoint) }]));
  }

  async function start(env: Record<string, string> = {}, preload = true): Promise<RegistryClient> {
    const args = [join(ROOT, 'node_modules'), nacos.address];
    const client = await RegistryClient.start('nacos', {
      args,
      preload,
      env: { INMESH_XDS: ads.address, ...env },
    });
    clients.push(client);
    return client;
  }

  // The cluster that `subscribe` asks for: with two questions for one service the client's pushes get lost for 10 s.
  const list = (client: RegistryClient) =>
    client.ask<Record_[]>({ do: 'list', service: SERVICE, clusters: 'DEFAULT' });
  const length = (count: number) => (heard: readonly unknown[]) => heard.length === count;

  it('lists at once, and tells subscribers, what the mesh alone has and was known before the client asked', async () => {
    inRegistry();
    const client = await start();
    const asked = (more: object) => client.ask<Record_[]>({ do: 'list', service: SERVICE, ...more });
    assert.deepEqual(ports(await asked({ subscribe: false })), [a.port, b.port]);
    await client.ask({ do: 'subscribe', service: SERVICE });
    // While the client asks for a service its further questions wait until it tells its subscribers, or for 30 s.
    const lists = Promise.all([1, 2, 3].map(() => asked({ clusters: 'DEFAULT' })));
    await client.untilHeard('the mesh’s', length(2), 10_000);
    for (const each of await lists) assert.deepEqual(ports(each), [a.port, b.port]);
  });

  it('waits for the mesh with all who ask before it has answered, also when the registry has', async () => {
    ads.mute.add('endpoint');
    const client = await start({ INMESH_FIRST_USE_TIMEOUT: '60s' });
    const first = [list(client), list(client)];
    await client.ask({ do: 'subscribe', service: SERVICE });
    await client.untilHeard('the registry’s', length(1));
    const later = list(client);
    await client.ask({ do: 'call', addresses: [] });
    ads.mute.clear();
    ads.push();
    for (const each of [...first, later]) assert.deepEqual(ports(await each), [legacy.port, a.port, b.port]);
    await client.untilHeard('both', length(3));
    assert.deepEqual(ports(await list(client)), [legacy.port, a.port, b.port]);
  });

  it('lists the registry’s records untouched, then full copies of the mesh’s, in all read paths', async () => {
    const bare = await start({}, false);
    const client = await start();
    const [own] = await list(bare);
    const all = await list(client);
    assert.deepEqual(all[0], own);
    assert.deepEqual(ports(all), [legacy.port, a.port, b.port]);
    for (const copy of all.slice(1)) {
      assert.deepEqual(Object.keys(copy).sort(), Object.keys(own!).sort());
      assert.deepEqual(copy.metadata, { 'inmesh.origin': 'cluster.local', 'inmesh.host': HOST });
    }
    const select = (more: object) => client.ask<Record_[]>({ do: 'select', service: SERVICE, ...more });
    assert.equal((await select({ healthy: true })).length, 3);
    assert.equal((await select({ healthy: false })).length, 0);
    assert.equal((await select({ clusters: 'DEFAULT' })).length, 3);
    assert.equal(
      (await select({ clusters: 'OTHER' })).length,
      0,
      'mesh instances are in the default cluster',
    );
    const asIs = { do: 'list', service: SERVICE };
    assert.deepEqual(ports(await client.ask<Record_[]>(asIs)), [legacy.port, a.port, b.port]);
    const direct = { do: 'list', service: SERVICE, subscribe: false };
    assert.deepEqual(ports(await client.ask<Record_[]>(direct)), [legacy.port, a.port, b.port]);
  });

  it('tells subscribers of every change of either side, in spite of the client’s deafness to the last one', async () => {
    const client = await start();
    await client.ask({ do: 'subscribe', service: SERVICE });
    await client.untilHeard('both sides', length(3));
    inMesh(a);
    await client.untilHeard('one gone from the mesh', length(2));
    inRegistry(published(legacy), published(b));
    await client.untilHeard('one more in the registry', length(3));
    inMesh();
    await client.untilHeard('none in the mesh', length(2));
    inMesh(a);
    await client.untilHeard('one in the mesh again', length(3));
    assert.deepEqual(ports(await list(client)), ports(client.heard.at(-1) as Record_[]));
    await client.ask({ do: 'unsubscribe', service: SERVICE });
    const count = client.heard.length;
    inMesh(a, b);
    await ads.until('the change is acknowledged', () => ads.acks.length > 0);
    while ((await list(client)).length !== 3);
    assert.equal(client.heard.length, count);
  });

  it('lists a host that calls have used before it was looked up', async () => {
    const client = await start();
    const call = () => client.ask<string[]>({ do: 'call', addresses: [HOST] });
    assert.match((await call()).join(), /^200 [ab]$/);
    assert.deepEqual(ports(await list(client)), [legacy.port, a.port, b.port]);
  });

  it('tells of a service that only the mesh has', async () => {
    inRegistry();
    const client = await start();
    await client.ask({ do: 'subscribe', service: SERVICE });
    await client.untilHeard('the mesh’s', length(2));
    assert.deepEqual(ports(await list(client)), [a.port, b.port]);
  });

  it('sends a call where the application chose, unless the route wants it elsewhere; a broadcast reaches each once', async () => {
    const client = await start();
    const all = await list(client);
    const before = [legacy, a, b].map(({ calls }) => calls);
    const answers = await client.ask({ do: 'call', addresses: addresses(all) });
    assert.deepEqual(answers, ['200 legacy', '200 a', '200 b']);
    assert.deepEqual(
      [legacy, a, b].map(({ calls }, at) => calls - before[at]!),
      [1, 1, 1],
    );
    assert.deepEqual(
      [legacy.host, a.host],
      [legacy.address, a.address],
      'the Host header is the application’s',
    );

    const canary = clusterName(HOST, 80, 'v2');
    const base = mesh([{ host: HOST, endpoints: [a.endpoint, b.endpoint] }]);
    const host = virtualHost(HOST);
    const byHeader = {
      name: 'canary',
      match: { prefix: '/', headers: [{ name: 'x-canary', stringMatch: { exact: 'yes' } }] },
      route: { cluster: canary, timeout: {} },
    };
    ads.set({
      clusters: [...base.clusters, edsCluster(canary)],
      endpoints: [...base.endpoints, endpoints(canary, [b.endpoint])],
      routes: [
        {
          name: '80',
          virtualHosts: [{ ...host, routes: [byHeader, ...host.routes!] }, catchAll()],
          ignorePortInHostMatching: true,
        },
      ],
    });
    const routed = { do: 'call', addresses: addresses(all), headers: { 'x-canary': 'yes' } };
    while (String(await client.ask(routed)) !== '200 b,200 b,200 b');
    assert.deepEqual(await client.ask({ do: 'call', addresses: addresses(all) }), answers);
  });

  it('fails over to another instance when the connection to the chosen one fails', async () => {
    const dead = await Instance.start('dead');
    await dead.stop();
    const policy = { retryOn: 'connect-failure', numRetries: { value: 2 }, retryHostPredicate: [] };
    const base = mesh([{ host: HOST, endpoints: [a.endpoint] }]);
    const route = base.routes[0]!.virtualHosts![0]!.routes![0]!;
    route.route = { ...route.route, retryPolicy: policy };
    ads.set(base);
    inRegistry({ ...published(legacy), port: 1 });
    const client = await start();
    const all = await list(client);
    assert.deepEqual(ports(all), [1, a.port]);
    assert.deepEqual(await client.ask({ do: 'call', addresses: addresses(all) }), ['200 a', '200 a']);
  });

  it('never brings back what the registry has taken back', async () => {
    inRegistry(published(legacy), published(a));
    const client = await start();
    await client.ask({ do: 'subscribe', service: SERVICE });
    assert.deepEqual(ports(await list(client)), [legacy.port, a.port, b.port]);
    inRegistry(published(legacy));
    await client.untilHeard('a is deregistered', length(2));
    assert.deepEqual(ports(await list(client)), [legacy.port, b.port]);
    inRegistry(published(legacy), published(b));
    await client.untilHeard(
      'b is the registry’s',
      (heard: Record_[]) => heard.length === 2 && !heard.some(isCopy),
    );
    inRegistry(published(legacy), published(b, { enabled: false }));
    await client.untilHeard('b is disabled', length(1));
    assert.deepEqual(ports(await list(client)), [legacy.port]);
  });

  it('lists and calls go on from the mesh while the registry is away; nothing is doubled afterwards', async () => {
    const { port } = nacos;
    const client = await start();
    await client.ask({ do: 'subscribe', service: SERVICE });
    await client.untilHeard('both sides', length(3));
    await nacos.stop();
    inMesh(a);
    await client.untilHeard('news of the mesh', length(2));
    assert.deepEqual(ports(await list(client)), [legacy.port, a.port]);
    const fresh = await start();
    assert.deepEqual(ports(await list(fresh)), [a.port], 'a process that never saw the registry');
    nacos = await startDevNacos({ mergeDelayMs: 10, port });
    inRegistry(published(legacy), published(b));
    await client.untilHeard('the registry again', (heard: Record_[]) => ports(heard).includes(b.port));
    assert.deepEqual(ports(await list(client)).sort(), [legacy.port, b.port, a.port].sort());
  });

  it('waits for no control plane that is not there', async () => {
    ads.stop();
    const client = await start();
    assert.deepEqual(ports(await list(client)), [legacy.port]);
    assert.deepEqual(await client.ask({ do: 'call', addresses: [legacy.address] }), ['200 legacy']);
  });

  it('keeps what it knew of the mesh while the control plane is away', async () => {
    const client = await start();
    assert.equal((await list(client)).length, 3);
    ads.stop();
    inRegistry(published(legacy), published(b));
    while (!(await list(client)).some((each) => each.port === b.port && !isCopy(each)));
    const all = await list(client);
    assert.deepEqual(ports(all).sort(), [legacy.port, a.port, b.port].sort());
    const answers = await client.ask<string[]>({ do: 'call', addresses: addresses(all) });
    assert.deepEqual(answers.sort(), ['200 a', '200 b', '200 legacy']);
  });

  it('changes its mode at run time, and tells subscribers', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'inmesh-modes-'));
    const file = join(folder, 'inmesh.json');
    const setMode = (modes: string) => {
      writeFileSync(`${file}.new`, JSON.stringify({ INMESH_REGISTRY_MODES: modes }));
      renameSync(`${file}.new`, file);
    };
    try {
      setMode('orders=off,*=merge');
      const client = await start({ INMESH_FILE: file });
      await client.ask({ do: 'subscribe', service: SERVICE });
      await client.untilHeard('the registry’s alone', length(1));
      setMode('*=merge');
      await client.untilHeard('both', length(3));
      setMode('nacos/orders=xds-first');
      await client.untilHeard(
        'the mesh’s alone',
        (heard: Record_[]) => heard.length === 2 && heard.every(isCopy),
      );
      setMode('*=registry-first');
      await client.untilHeard('the registry’s alone', length(1));
      assert.deepEqual(ports(await list(client)), [legacy.port]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('passes a call to an address of two services through, until the caller has looked one of them up', async () => {
    const other = { namespace: 'public', group: 'DEFAULT_GROUP', name: 'users' };
    nacos.register(other, [published(legacy)]);
    ads.set(
      mesh([
        { host: HOST, endpoints: [a.endpoint] },
        { host: 'users.default.svc.cluster.local', endpoints: [b.endpoint] },
      ]),
    );
    const client = await start({ INMESH_REGISTRY_CALLS: '*=balance' });
    await list(client);
    const before = await client.ask({ do: 'call', addresses: [legacy.address] });
    assert.deepEqual(before, ['200 a'], 'one owner: the mesh balances');
    await client.ask({ do: 'list', service: 'users' });
    assert.deepEqual(await client.ask({ do: 'call', addresses: [legacy.address] }), ['200 legacy']);
    const lookUp = { do: 'lookUpAndCall', service: 'users', address: legacy.address };
    assert.deepEqual(await client.ask(lookUp), ['200 b']);
  });
});
