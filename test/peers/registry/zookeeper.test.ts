/** The unmodified npm client `node-zookeeper-client` between a real ZooKeeper and a control plane. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { npmSet, startZooKeeper, type ZooKeeperServer } from '../../../lab';
import { AdsServer, mesh } from '../../support/ads-server';
import { ROOT } from '../../support/app';
import { peer } from '../../support/peer';
import { RegistryClient } from '../../support/registry/client';

const SETS = { lowest: '0.1.1', middle: '1.0.0', newest: '1.1.3' };
const GREETINGS = '/dubbo/demo.GreetingService/providers';
const OTHERS = '/dubbo/demo.OtherService/providers';
const ORDERS = '/services/orders';
const HOSTS = [
  'dubbo/demo.GreetingService=greetings.default.svc.cluster.local:20880',
  'dubbo/demo.OtherService=greetings.default.svc.cluster.local:20880',
].join();

const provider = (port: number) =>
  encodeURIComponent(
    `dubbo://10.0.0.1:${port}/demo.GreetingService?application=demo&group=g1&version=1.0.0&weight=30&pid=7`,
  );
const registration = (port: number) =>
  JSON.stringify({
    name: 'orders',
    id: `id-${port}`,
    address: '10.0.0.1',
    port,
    sslPort: null,
    payload: { '@class': 'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance', metadata: {} },
    serviceType: 'DYNAMIC',
  });

for (const [set, version] of Object.entries(SETS)) {
  describe(`node-zookeeper-client ${version} with a real ZooKeeper`, function () {
    this.timeout(180_000);
    let zookeeper: ZooKeeperServer;
    let ads: AdsServer;
    let folder: string;
    const clients: RegistryClient[] = [];

    before(async function () {
      const files = join(ROOT, 'fixtures', 'registry-clients', set);
      folder = peer(this, await npmSet(`registry-clients-${set}`, files));
      zookeeper = peer(this, await startZooKeeper());
      ads = await new AdsServer().start();
      inMesh(['10.0.0.1', 20_880], ['10.0.0.2', 20_880]);
    });
    after(async () => {
      for (const client of clients.splice(0)) await client.stop();
      ads?.stop();
      await zookeeper?.stop();
    });

    function inMesh(...endpoints: readonly (readonly [string, number])[]): void {
      ads.set(
        mesh([
          { host: 'greetings.default.svc.cluster.local', port: 20_880, endpoints },
          { host: 'orders.default.svc.cluster.local', endpoints },
        ]),
      );
    }

    async function start(env: Record<string, string> = {}, preload = true): Promise<RegistryClient> {
      const client = await RegistryClient.start('zookeeper', {
        args: [folder, zookeeper.address],
        preload,
        env: { INMESH_XDS: ads.address, INMESH_REGISTRY_HOSTS: HOSTS, ...env },
      });
      clients.push(client);
      return client;
    }

    const decoded = (names: readonly string[]) => names.map((name) => decodeURIComponent(name));
    const hosts = (names: readonly string[]) => decoded(names).map((url) => new URL(url).host);
    const list = (client: RegistryClient, path: string) => client.ask<string[]>({ do: 'list', path });

    it('adds providers of the mesh to those of Dubbo, as consumers want them, and answers for their nodes', async () => {
      const bare = await start({}, false);
      for (const path of ['/dubbo', '/dubbo/demo.GreetingService', GREETINGS])
        await bare.ask({ do: 'create', path, data: '' });
      await bare.ask({ do: 'create', path: `${GREETINGS}/${provider(20_880)}`, data: '10.0.0.1' });
      const client = await start();
      const names = await list(client, GREETINGS);
      assert.deepEqual(await list(bare, GREETINGS), [names[0]]);
      assert.deepEqual(
        hosts(names),
        ['10.0.0.1:20880', '10.0.0.2:20880'],
        'an address of both is there once',
      );
      const { searchParams } = new URL(decodeURIComponent(names[1]!));
      assert.deepEqual(
        ['group', 'version', 'weight', 'pid', 'inmesh.host'].map((key) => searchParams.get(key)),
        ['g1', '1.0.0', '30', null, 'greetings.default.svc.cluster.local'],
      );
      const path = `${GREETINGS}/${names[1]}`;
      assert.deepEqual(await client.ask({ do: 'data', path }), { data: '10.0.0.2', length: 8 });
      assert.equal(await client.ask({ do: 'exists', path }), true);
      assert.equal(await bare.ask({ do: 'exists', path }), false, 'nothing is written to the registry');
      assert.deepEqual(
        await list(client, '/dubbo'),
        await list(bare, '/dubbo'),
        'other paths are left alone',
      );
      const off = await start({ INMESH_HOOKS_OFF: 'zookeeper' });
      assert.deepEqual(await list(off, GREETINGS), [names[0]]);
    });

    it('fires watchers when the mesh changes, when the registry does, and when a node of the mesh’s comes to be', async () => {
      const bare = await start({}, false);
      const client = await start();
      await client.ask({ do: 'subscribe', path: OTHERS });
      const count = (wanted: number) => (heard: string[]) => heard.length === wanted;
      await client.untilHeard('the mesh’s alone', count(2));
      inMesh(['10.0.0.2', 20_880]);
      await client.untilHeard('one of the mesh', count(1));
      for (const path of ['/dubbo/demo.OtherService', OTHERS])
        await bare.ask({ do: 'create', path, data: '' });
      const node = `${OTHERS}/${provider(20_881)}`;
      await bare.ask({ do: 'create', path: node, data: '' });
      await client.untilHeard('one of each', count(2));
      inMesh(['10.0.0.1', 20_880], ['10.0.0.2', 20_880]);
      await client.untilHeard('two of the mesh', count(3));
      await bare.ask({ do: 'remove', path: node });
      await client.untilHeard('none in the registry', count(2));
    });

    it('adds Spring Cloud registrations, and never says an address twice', async () => {
      const bare = await start({}, false);
      for (const [path, data] of [
        ['/services', ''],
        [ORDERS, ''],
        [`${ORDERS}/id-1`, registration(20_880)],
        [`${ORDERS}/id-2`, registration(9_999)],
      ])
        await bare.ask({ do: 'create', path, data });
      const client = await start();
      const names = await list(client, ORDERS);
      assert.deepEqual(names.slice(0, 2).sort(), ['id-1', 'id-2']);
      assert.deepEqual(names.slice(2), ['mesh-10.0.0.2-20880']);
      const { data } = await client.ask<{ data: string }>({ do: 'data', path: `${ORDERS}/${names[2]}` });
      const { address, port, payload, ...rest } = JSON.parse(data);
      assert.deepEqual([address, port], ['10.0.0.2', 20_880]);
      assert.equal(payload.metadata['inmesh.origin'], 'cluster.local');
      assert.deepEqual(
        Object.keys({ ...rest, address, port, payload }).sort(),
        [...Object.keys(JSON.parse(registration(1))), 'registrationTimeUTC'].sort(),
      );
    });
  });
}
