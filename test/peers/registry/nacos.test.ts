/** The unmodified npm client `nacos` with a real Nacos 3.1: its own instance, its pushes, and an outage. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type NacosServer, startNacos } from '../../../lab';
import { AdsServer, mesh } from '../../support/ads-server';
import { ROOT } from '../../support/app';
import { peer } from '../../support/peer';
import { RegistryClient } from '../../support/registry/client';
import { Instance } from '../../support/registry/instances';

const HOST = 'orders.default.svc.cluster.local';
const SERVICE = 'orders';
/** A minute in the drills. */
const OUTAGE_MS = process.env['INMESH_DRILLS'] === 'full' ? 60_000 : 6_000;

interface Row {
  readonly ip: string;
  readonly port: number;
  readonly metadata: Record<string, string>;
}

describe('nacos 2.6.3 with a real Nacos 3.1', function () {
  this.timeout(300_000);
  let nacos: NacosServer;
  let ads: AdsServer;
  let legacy: Instance;
  let a: Instance;
  let b: Instance;
  const clients: RegistryClient[] = [];

  before(async function () {
    nacos = peer(this, await startNacos());
    ads = await new AdsServer().start();
    const started = await Promise.all(['legacy', 'a', 'b'].map((name) => Instance.start(name)));
    [legacy, a, b] = started as [Instance, Instance, Instance];
    inMesh(a, b);
  });
  after(async () => {
    for (const client of clients.splice(0)) await client.stop();
    ads?.stop();
    for (const instance of [legacy, a, b]) await instance?.stop();
    await nacos?.stop();
  });

  function inMesh(...instances: readonly Instance[]): void {
    ads.set(mesh([{ host: HOST, endpoints: instances.map(({ endpoint }) => endpoint) }]));
  }

  async function start(env: Record<string, string> = {}, preload = true): Promise<RegistryClient> {
    const client = await RegistryClient.start('nacos', {
      args: [join(ROOT, 'node_modules'), nacos.address],
      preload,
      env: { INMESH_XDS: ads.address, ...env },
    });
    clients.push(client);
    return client;
  }

  const list = (client: RegistryClient) =>
    client.ask<Row[]>({ do: 'list', service: SERVICE, clusters: 'DEFAULT' });
  const ports = (rows: readonly Row[]) => rows.map(({ port }) => port);
  const has =
    (...wanted: readonly number[]) =>
    (heard: readonly Row[]) =>
      ports(heard).sort().join() === [...wanted].sort().join();

  it('sees both sides, and keeps its own instance alive through an outage; nothing is doubled or lost', async () => {
    const provider = await start({}, false);
    const instance = { ip: '127.0.0.1', port: legacy.port, metadata: { version: 'legacy' } };
    await provider.ask({ do: 'register', service: SERVICE, instance });
    const client = await start();
    await client.ask({ do: 'subscribe', service: SERVICE });
    await client.untilHeard('both sides', has(legacy.port, a.port, b.port));
    const all = await list(client);
    const [own] = await list(provider);
    assert.deepEqual(Object.keys(all[0]!).sort(), Object.keys(own!).sort());
    assert.deepEqual(all[0]!.metadata, own!.metadata);
    // What a server sends beside this differs by version.
    const copy = Object.keys(all[1]!);
    assert.deepEqual(
      copy.filter((key) => !(key in own!)),
      [],
    );
    // Its own instance, by the client under the agent.
    await client.ask({
      do: 'register',
      service: 'web',
      instance: { ip: '127.0.0.1', port: 1, metadata: {} },
    });

    await nacos.kill();
    inMesh(b);
    await client.untilHeard('news of the mesh', has(legacy.port, b.port));
    const addresses = (await list(client)).map(({ ip, port }) => `${ip}:${port}`);
    assert.deepEqual(await client.ask({ do: 'call', addresses }), ['200 legacy', '200 b']);
    const first = await start({ INMESH_REGISTRY_MODES: '*=registry-first' });
    assert.deepEqual(ports(await list(first)), [b.port], 'a registry that was never heard of');
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
    inMesh(a, b);
    await client.untilHeard('more news', has(legacy.port, a.port, b.port));

    await nacos.start();
    const second = await Instance.start('second');
    try {
      await provider.ask({
        do: 'register',
        service: SERVICE,
        instance: { ip: '127.0.0.1', port: second.port, metadata: {} },
      });
      await client.untilHeard('both of the registry', has(legacy.port, second.port, a.port, b.port), 120_000);
      assert.ok(has(legacy.port, second.port, a.port, b.port)(await list(client)));
      // Heartbeats register again what the server has forgotten.
      const web = () => provider.ask<Row[]>({ do: 'list', service: 'web', subscribe: false });
      const deadline = Date.now() + 60_000;
      while (ports(await web()).join() !== '1') assert.ok(Date.now() < deadline, 'its own instance is back');
    } finally {
      await second.stop();
    }
  });
});
