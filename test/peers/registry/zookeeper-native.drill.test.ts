/** The unmodified npm client `zookeeper`, a binding of the C client, between a real ZooKeeper and a control plane. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { npmSet, startZooKeeper, type ZooKeeperServer } from '../../../lab';
import { AdsServer, mesh } from '../../support/ads-server';
import { ROOT } from '../../support/app';
import { drill, peer } from '../../support/peer';
import { registryDecides } from '../../support/registry/authority-story';
import { RegistryClient } from '../../support/registry/client';
import { underLoad } from '../../support/registry/load-story';
import { realZooKeeper } from '../../support/registry/real';
import { recordZooKeeper } from '../../support/registry/recorder';
import { sameOnTheWire } from '../../support/registry/wire-story';

/** In full: the lowest of each major that a compiler of today can build, and the newest. */
const VERSIONS = drill({
  short: ['4.5.1', '7.3.0'],
  full: ['4.5.1', '5.6.0', '6.2.3', '7.0.0', '7.3.0'],
});
const NEWEST = '7.3.0';
/** The C library takes its time to connect again. */
const IN_FULL = drill({ short: false, full: true });
const HOST = 'greetings.default.svc.cluster.local';
const INTERFACES = ['demo.GreetingService', 'demo.OtherService', 'demo.ThirdService'] as const;
const [GREETINGS, OTHERS, THIRD] = INTERFACES.map((name) => `/dubbo/${name}/providers`) as [
  string,
  string,
  string,
];
const ORDERS = '/services/orders';
const HOSTS = INTERFACES.map((name) => `dubbo/${name}=${HOST}:20880`).join();

const provider = (port: number) =>
  encodeURIComponent(
    `dubbo://10.0.0.1:${port}/demo.GreetingService?application=demo&version=1.0.0&weight=30`,
  );
const registration = (port: number) =>
  JSON.stringify({ name: 'orders', id: `id-${port}`, address: '10.0.0.1', port, payload: { metadata: {} } });

/** The `node_modules` of one version. May skip. */
async function native(test: Context, version: string): Promise<string> {
  const name = `zookeeper-${version}`;
  const files = join(ROOT, 'fixtures', 'registry-clients', name);
  return peer(test, await npmSet(name, files, { build: ['zookeeper'] }));
}

if (IN_FULL)
  describe(`zookeeper ${NEWEST} in the stories of all clients`, function () {
    this.timeout(600_000);

    it('no new call is refused while instances die, lists change, modes switch, servers go away', async function () {
      const folder = await native(this, NEWEST);
      const registry = peer(this, await realZooKeeper());
      await underLoad({ client: 'zookeeper', folder, registry, answers: 200 });
    });

    it('what it says is as without the agent, when its hook is off or it is of another version', async function () {
      await sameOnTheWire({
        client: 'zookeeper',
        hook: 'zookeeper-native',
        folder: await native(this, NEWEST),
        packages: ['zookeeper'],
        unsupported: '8.0.0',
        start: async () => peer(this, await realZooKeeper()),
        record: recordZooKeeper,
      });
    });

    describe('what ZooKeeper alone decides', () => {
      registryDecides({
        client: 'zookeeper',
        folder: (test) => native(test, NEWEST),
        start: async (test) => peer(test, await realZooKeeper()),
      });
    });
  });

for (const version of VERSIONS) {
  describe(`zookeeper ${version} with a real ZooKeeper`, function () {
    this.timeout(300_000);
    let zookeeper: ZooKeeperServer;
    let ads: AdsServer;
    let folder: string;
    let bare: RegistryClient;
    const clients: RegistryClient[] = [];

    before(async function () {
      folder = await native(this, version);
      zookeeper = peer(this, await startZooKeeper());
      ads = await new AdsServer().start();
      inMesh(['10.0.0.1', 20_880], ['10.0.0.2', 20_880]);
      bare = await start({}, false);
    });
    after(async () => {
      for (const client of clients.splice(0)) await client.stop();
      ads?.stop();
      await zookeeper?.stop();
    });

    function inMesh(...endpoints: readonly (readonly [string, number])[]): void {
      ads.set(
        mesh([
          { host: HOST, port: 20_880, endpoints },
          { host: 'orders.default.svc.cluster.local', endpoints },
        ]),
      );
    }

    async function start(env: Record<string, string> = {}, preload = true): Promise<RegistryClient> {
      const client = await RegistryClient.start('zookeeper-native', {
        args: [folder, zookeeper.address],
        preload,
        env: { INMESH_XDS: ads.address, INMESH_REGISTRY_HOSTS: HOSTS, ...env },
      });
      clients.push(client);
      return client;
    }

    async function make(...nodes: readonly (readonly [string, string?])[]): Promise<void> {
      for (const [path, data = ''] of nodes) await bare.ask({ do: 'create', path, data });
    }

    const list = (client: RegistryClient, path: string) => client.ask<string[]>({ do: 'list', path });
    const hosts = (names: readonly string[]) =>
      names.map((name) => new URL(decodeURIComponent(name)).host).sort();
    const count = (wanted: number) => (heard: readonly string[]) => heard.length === wanted;

    it('lists providers of Dubbo and registrations of Spring Cloud of both sides, by callbacks and promises', async () => {
      await make(['/dubbo'], ['/dubbo/demo.GreetingService'], [GREETINGS]);
      await make([`${GREETINGS}/${provider(20_880)}`, '10.0.0.1']);
      await make(['/services'], [ORDERS], [`${ORDERS}/id-1`, registration(20_880)]);
      await make([`${ORDERS}/id-2`, registration(9_999)]);
      const client = await start();
      const names = await list(client, GREETINGS);
      assert.deepEqual(await list(bare, GREETINGS), [names[0]]);
      assert.deepEqual(hosts(names), ['10.0.0.1:20880', '10.0.0.2:20880']);
      const { searchParams } = new URL(decodeURIComponent(names[1]!));
      assert.deepEqual(
        ['version', 'weight', 'inmesh.host'].map((key) => searchParams.get(key)),
        ['1.0.0', '30', HOST],
      );
      const path = `${GREETINGS}/${names[1]}`;
      assert.deepEqual(await client.ask({ do: 'data', path }), { data: '10.0.0.2', same: true, length: 8 });
      assert.deepEqual(
        [await client.ask({ do: 'exists', path }), await bare.ask({ do: 'exists', path })],
        [true, false],
        'nothing is written to the registry',
      );
      assert.deepEqual(
        await list(client, '/dubbo'),
        await list(bare, '/dubbo'),
        'other paths are left alone',
      );

      const orders = await list(client, ORDERS);
      assert.deepEqual(orders.slice(0, 2).sort(), ['id-1', 'id-2']);
      assert.deepEqual(orders.slice(2), ['mesh-10.0.0.2-20880']);
      const { data } = await client.ask<{ data: string }>({ do: 'data', path: `${ORDERS}/${orders[2]}` });
      const { address, port } = JSON.parse(data);
      assert.deepEqual([address, port], ['10.0.0.2', 20_880]);

      const off = await start({ INMESH_HOOKS_OFF: 'zookeeper-native' });
      assert.deepEqual(await list(off, GREETINGS), [names[0]]);
    });

    it('calls watchers, once each, when the mesh changes and when the registry does, and events of those who have none', async () => {
      inMesh(['10.0.0.1', 20_880], ['10.0.0.2', 20_880]);
      const [client, other] = [await start(), await start()];
      await client.ask({ do: 'subscribe', path: OTHERS });
      await other.ask({ do: 'subscribeByEvent', path: OTHERS });
      assert.equal((await client.ask<string[]>({ do: 'once', path: OTHERS })).length, 2);
      const untilBoth = async (what: string, wanted: number) => {
        for (const each of [client, other]) await each.untilHeard(what, count(wanted));
      };
      await untilBoth('the mesh’s alone', 2);
      inMesh(['10.0.0.2', 20_880]);
      await untilBoth('one of the mesh', 1);
      await make(['/dubbo'], ['/dubbo/demo.OtherService'], [OTHERS], [`${OTHERS}/${provider(20_881)}`]);
      await untilBoth('one of each', 2);
      inMesh(['10.0.0.1', 20_880], ['10.0.0.2', 20_880]);
      await untilBoth('two of the mesh', 3);
      await bare.ask({ do: 'remove', path: `${OTHERS}/${provider(20_881)}` });
      await untilBoth('none in the registry', 2);
      assert.deepEqual(client.script.facts('calls'), [{ calls: 1 }], 'a watcher that is not set again');
    });

    if (IN_FULL)
      it('goes on without its server, with news of the mesh, and hears of what the registry has when it is back', async () => {
        inMesh(['10.0.0.2', 20_880]);
        await make(['/dubbo'], ['/dubbo/demo.ThirdService'], [THIRD], [`${THIRD}/${provider(20_880)}`]);
        const client = await start();
        await client.ask({ do: 'subscribe', path: THIRD });
        await client.untilHeard('one of each', count(2));
        await zookeeper.kill();
        inMesh(['10.0.0.2', 20_880], ['10.0.0.3', 20_880]);
        await client.untilHeard('news of the mesh', count(3));
        assert.equal((await list(client, THIRD)).length, 3);
        await zookeeper.start();
        await make([`${THIRD}/${provider(20_881)}`]);
        await client.untilHeard('news of both', count(4), 60_000);
        inMesh();
        await client.untilHeard('the registry’s alone', count(2));
      });
  });
}
