/** Unmodified npm clients of Dubbo: real providers that ZooKeeper knows, and that only the mesh knows. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Context } from 'mocha';
import {
  type DubboProvider,
  npmSet,
  startDubboProvider,
  startZooKeeper,
  type ZooKeeperServer,
} from '../../../lab';
import { type DevNacos, startDevNacos } from '../../../src/dev/nacos';
import { AdsServer, mesh } from '../../support/ads-server';
import { ROOT } from '../../support/app';
import { drill, peer } from '../../support/peer';
import { RegistryClient } from '../../support/registry/client';

const HOST = 'greetings.default.svc.cluster.local';
const TRIPLE = 'triple.default.svc.cluster.local';
/** An address of its own: apache-dubbo-consumer confuses providers of one host when they go. */
const MESH_ADDRESS = '127.0.0.2';

const files = (set: string) => join(ROOT, 'fixtures', 'registry-clients', set);

describe('npm clients of Dubbo with real providers', function () {
  this.timeout(300_000);
  let zookeeper: ZooKeeperServer;
  let known: DubboProvider;
  let meshOnly: DubboProvider;
  let nacos: DevNacos | undefined;
  let ads: AdsServer;
  const sets = new Map<string, string>();
  const clients: RegistryClient[] = [];

  before(async function () {
    sets.set('dubbo2', peer(this, await npmSet('registry-clients-newest', files('newest'))));
    sets.set('others', peer(this, await npmSet('dubbo-clients', files('dubbo-clients'))));
    zookeeper = peer(this, await startZooKeeper());
    const registry = `zookeeper://${zookeeper.address}`;
    known = peer(this, await startDubboProvider({ registries: [registry], arguments: ['id=known'] }));
    meshOnly = peer(
      this,
      await startDubboProvider({
        registries: ['N/A'],
        protocols: ['dubbo', 'tri'],
        arguments: ['id=mesh', `host=${MESH_ADDRESS}`],
      }),
    );
    ads = await new AdsServer().start();
  });
  beforeEach(() => inMesh());
  after(async () => {
    for (const client of clients) await client.stop();
    ads?.stop();
    for (const each of [known, meshOnly, zookeeper]) await each?.stop();
    await nacos?.stop();
  });

  function inMesh(...providers: readonly DubboProvider[]): void {
    const endpoints = (at: number) => providers.map(({ ports }) => [MESH_ADDRESS, ports[at]!] as const);
    ads.set(
      mesh([
        { host: HOST, port: 20_880, endpoints: endpoints(0) },
        { host: TRIPLE, port: 50_051, endpoints: endpoints(1) },
      ]),
    );
  }

  /** Needs a compiler: its registry loads the native client of ZooKeeper, whichever registry it is to be. */
  async function withConsumer(test: Context): Promise<string> {
    return peer(test, await npmSet('dubbo-consumer', files('dubbo-consumer'), { build: ['zookeeper'] }));
  }

  async function start(fixture: string, ...args: readonly string[]): Promise<RegistryClient> {
    const hosts = ['dubbo', 'nacos'].map((source) => `${source}/demo.GreetingService=${HOST}:20880`);
    const env = { INMESH_XDS: ads.address, INMESH_REGISTRY_HOSTS: hosts.join() };
    const client = await RegistryClient.start(fixture, { args, env });
    clients.push(client);
    return client;
  }

  /** Their own two seconds after each watcher included. */
  async function untilFrom(client: RegistryClient, ...wanted: readonly string[]): Promise<void> {
    const deadline = Date.now() + 90_000;
    for (;;) {
      const from = await client.ask<string[]>({ do: 'greet', count: 40 });
      if (from.join() === wanted.join()) return;
      const lines = client.lines.slice(-3).join('\n');
      assert.ok(Date.now() < deadline, `answers from ${from.join()}, not ${wanted.join()}\n${lines}`);
    }
  }

  const CLIENTS: Readonly<Record<string, (test: Context) => Promise<RegistryClient>>> = {
    'dubbo2.js 2.3.9': () => start('dubbo', sets.get('dubbo2')!, zookeeper.address),
    // It calls util.isString, which Node 23 no longer has.
    ...(Number.parseInt(process.versions.node, 10) < 23 && {
      'apache-dubbo-js 3.0.0-rc6': () =>
        start('dubbo', sets.get('others')!, zookeeper.address, 'apache-dubbo-js'),
    }),
    'apache-dubbo-consumer 4.0.0 with apache-dubbo-registry 0.0.2': async (test) =>
      start('dubbo-consumer', await withConsumer(test), 'zookeeper', zookeeper.address),
  };
  for (const [name, begin] of Object.entries(CLIENTS)) {
    it(`${name} calls what the registry knows`, async function () {
      const client = await begin(this);
      await client.ask({ do: 'ready' });
      await untilFrom(client, 'known');
    });
  }

  /** Of all that ZooKeeper's clients do at once. */
  const untilAllFrom = (...wanted: readonly string[]) =>
    Promise.all(clients.map((client) => untilFrom(client, ...wanted)));

  it('call both, and follow the mesh', async () => {
    inMesh(meshOnly);
    await untilAllFrom('known', 'mesh');
    inMesh();
    await untilAllFrom('known');
  });

  if (drill({ short: false, full: true }))
    it('follow the mesh while ZooKeeper is away, and keep what it had', async () => {
      await zookeeper.kill();
      inMesh(meshOnly);
      await untilAllFrom('known', 'mesh');
      inMesh();
      await untilAllFrom('known');
      await zookeeper.start();
      inMesh(meshOnly);
      await untilAllFrom('known', 'mesh');
    });

  it('go on with the mesh’s when the registry’s provider is gone', async () => {
    inMesh(meshOnly);
    await untilAllFrom('known', 'mesh');
    await known.terminate();
    await untilAllFrom('mesh');
  });

  it('apache-dubbo-consumer finds the mesh’s in Nacos, where it asks by a name that Java’s do not register', async function () {
    const folder = await withConsumer(this);
    nacos = await startDevNacos();
    inMesh(meshOnly);
    const client = await start('dubbo-consumer', folder, 'nacos', nacos.address);
    await client.ask({ do: 'ready' });
    await untilFrom(client, 'mesh');
  });

  it('@apachedubbo/dubbo 3.0.0-alpha, without a registry, calls the mesh by HTTP', async () => {
    inMesh(meshOnly);
    const client = await start('dubbo-triple', sets.get('others')!, `http://${TRIPLE}:50051`);
    await untilFrom(client, 'mesh');
  });
});
