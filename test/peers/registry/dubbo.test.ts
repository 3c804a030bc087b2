/** The unmodified npm client `dubbo2.js`: real Dubbo providers that ZooKeeper knows, and that only the mesh knows. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import {
  type DubboProvider,
  npmSet,
  startDubboProvider,
  startZooKeeper,
  type ZooKeeperServer,
} from '../../../lab';
import { AdsServer, mesh } from '../../support/ads-server';
import { ROOT } from '../../support/app';
import { peer } from '../../support/peer';
import { RegistryClient } from '../../support/registry/client';

const HOST = 'greetings.default.svc.cluster.local';

describe('dubbo2.js 2.3.9 with real Dubbo providers', function () {
  this.timeout(300_000);
  let zookeeper: ZooKeeperServer;
  let known: DubboProvider;
  let meshOnly: DubboProvider;
  let ads: AdsServer;
  let client: RegistryClient | undefined;

  before(async function () {
    const files = join(ROOT, 'fixtures', 'registry-clients', 'newest');
    const folder = peer(this, await npmSet('registry-clients-newest', files));
    zookeeper = peer(this, await startZooKeeper());
    const registry = `zookeeper://${zookeeper.address}`;
    known = peer(this, await startDubboProvider({ registries: [registry], arguments: ['id=known'] }));
    meshOnly = peer(this, await startDubboProvider({ registries: ['N/A'], arguments: ['id=mesh'] }));
    ads = await new AdsServer().start();
    inMesh();
    client = await RegistryClient.start('dubbo', {
      args: [folder, zookeeper.address],
      env: {
        INMESH_XDS: ads.address,
        INMESH_REGISTRY_HOSTS: `dubbo/demo.GreetingService=${HOST}:20880`,
      },
    });
  });
  after(async () => {
    await client?.stop();
    ads?.stop();
    for (const each of [known, meshOnly, zookeeper]) await each?.stop();
  });

  function inMesh(...providers: readonly DubboProvider[]): void {
    const endpoints = providers.map(({ port }) => ['127.0.0.1', port] as const);
    ads.set(mesh([{ host: HOST, port: 20_880, endpoints }]));
  }

  /** Its own two seconds after each watcher included. */
  async function untilFrom(...wanted: readonly string[]): Promise<void> {
    const deadline = Date.now() + 90_000;
    for (;;) {
      const from = await client!.ask<string[]>({ do: 'greet', count: 40 });
      if (from.join() === wanted.join()) return;
      assert.ok(Date.now() < deadline, `answers from ${from.join()}, not ${wanted.join()}`);
    }
  }

  it('calls both, follows the mesh, and goes on when the registry’s provider is gone', async () => {
    await client!.ask({ do: 'ready' });
    await untilFrom('known');
    inMesh(meshOnly);
    await untilFrom('known', 'mesh');
    inMesh();
    await untilFrom('known');
    inMesh(meshOnly);
    await untilFrom('known', 'mesh');
    await known.terminate();
    await untilFrom('mesh');
  });
});
