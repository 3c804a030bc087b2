/** The unmodified npm client `consul`, every major version, between a registry and a control plane. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { npmSet } from '../../../lab';
import { AdsServer, mesh } from '../../support/ads-server';
import { ROOT } from '../../support/app';
import { peer } from '../../support/peer';
import { RegistryClient } from '../../support/registry/client';
import { Instance } from '../../support/registry/instances';
import { FakeConsul } from '../bridge/consul/server';

const HOST = 'orders.default.svc.cluster.local';
const SERVICE = 'orders';
const SETS = { lowest: '0.10.0', older: '0.40.0', middle: '1.0.1', newest: '2.0.1' };

interface Entry {
  readonly Service: {
    readonly Address: string;
    readonly Port: number;
    readonly Meta: Record<string, string>;
  };
}

/** The client reads JSON only from answers that say so. */
function registry(port = 0): Promise<FakeConsul> {
  const consul = new FakeConsul();
  consul.intercept = (_path, response) => {
    response.setHeader('content-type', 'application/json');
    return false;
  };
  return consul.listen(port);
}

const ports = (entries: readonly Entry[]) => entries.map(({ Service }) => Service.Port);
const addresses = (entries: readonly Entry[]) => ports(entries).map((port) => `127.0.0.1:${port}`);

for (const [set, version] of Object.entries(SETS)) {
  describe(`consul ${version} under the agent`, function () {
    this.timeout(180_000);
    let folder: string;
    let ads: AdsServer;
    let consul: FakeConsul;
    let port: number;
    let legacy: Instance;
    let a: Instance;
    let b: Instance;
    const clients: RegistryClient[] = [];
    const hasWatch = set !== 'lowest';

    before(async function () {
      const name = `registry-clients-${set}`;
      folder = peer(this, await npmSet(name, join(ROOT, 'fixtures', 'registry-clients', set)));
      const started = await Promise.all(['legacy', 'a', 'b'].map((each) => Instance.start(each)));
      [legacy, a, b] = started as [Instance, Instance, Instance];
    });
    beforeEach(async () => {
      ads = await new AdsServer().start();
      consul = await registry();
      port = consul.port;
      register(legacy);
      inMesh(a, b);
    });
    afterEach(async () => {
      for (const client of clients.splice(0)) await client.stop();
      ads.stop();
      await consul.close();
    });
    after(async () => {
      for (const instance of [legacy, a, b]) await instance?.stop();
    });

    function register({ name, port }: Instance): void {
      consul.register(SERVICE, { id: name, port, address: '127.0.0.1', status: 'passing' });
    }

    function inMesh(...instances: readonly Instance[]): void {
      ads.set(mesh([{ host: HOST, endpoints: instances.map(({ endpoint }) => endpoint) }]));
    }

    async function start(env: Record<string, string> = {}, preload = true): Promise<RegistryClient> {
      const client = await RegistryClient.start('consul', {
        args: [folder, String(port)],
        preload,
        env: { INMESH_XDS: ads.address, ...env },
      });
      clients.push(client);
      return client;
    }

    const list = (client: RegistryClient, more: object = {}) =>
      client.ask<Entry[]>({ do: 'list', service: SERVICE, ...more });

    it('lists the registry’s entries untouched, then copies of the mesh’s, and calls to them arrive', async () => {
      const [own] = await list(await start({}, false));
      const client = await start();
      const all = await list(client);
      assert.deepEqual(all[0], own);
      assert.deepEqual(ports(all), [legacy.port, a.port, b.port]);
      assert.deepEqual(all[1]!.Service.Meta, { 'inmesh.origin': 'cluster.local', 'inmesh.host': HOST });
      assert.equal((await list(client, { passing: true })).length, 3);
      assert.equal((await list(client, { tag: 'blue' })).length, 1, 'mesh instances have no tags');
      const answers = await client.ask({ do: 'call', addresses: addresses(all) });
      assert.deepEqual(answers, ['200 legacy', '200 a', '200 b']);
      const entry = { Node: 'n1', Address: '127.0.0.1', ServiceAddress: '', ServicePort: legacy.port };
      consul.intercept = (path, response) => {
        response.setHeader('content-type', 'application/json');
        if (!path.startsWith('/v1/catalog/service/')) return false;
        response.writeHead(200, { 'x-consul-index': '9' }).end(JSON.stringify([entry]));
        return true;
      };
      const nodes = await client.ask<(typeof entry)[]>({ do: 'nodes', service: SERVICE });
      assert.deepEqual(nodes[0], entry);
      assert.deepEqual(
        nodes.map(({ ServicePort }) => ServicePort),
        [legacy.port, a.port, b.port],
      );
    });

    it('never brings back what the registry has taken back', async () => {
      register(a);
      const client = await start();
      assert.deepEqual(ports(await list(client)), [legacy.port, a.port, b.port]);
      consul.deregister(SERVICE, 'a');
      assert.deepEqual(ports(await list(client)), [legacy.port, b.port]);
    });

    it('lists what it knew and what the mesh has while the registry is away, and fails as ever without the mesh', async () => {
      const client = await start();
      const bare = await start({}, false);
      assert.equal((await list(client)).length, 3);
      await consul.close();
      assert.deepEqual(ports(await list(client)), [legacy.port, a.port, b.port]);
      const fresh = await start();
      assert.deepEqual(ports(await list(fresh)), [a.port, b.port]);
      assert.match(JSON.stringify(await list(bare)), /ECONNREFUSED/);
      const off = await start({ INMESH_REGISTRY_MODES: '*=off' });
      assert.deepEqual(await list(off), await list(bare));
      consul = await registry(port);
      register(legacy);
      assert.deepEqual(ports(await list(client)), [legacy.port, a.port, b.port]);
    });

    it('is as it was when the hook is off', async () => {
      const asked = async (client: RegistryClient) => {
        consul.requests.length = 0;
        return [await list(client), [...consul.requests]];
      };
      const bare = await asked(await start({}, false));
      assert.deepEqual(await asked(await start({ INMESH_HOOKS_OFF: 'consul' })), bare);
      const [, requests] = await asked(await start());
      assert.deepEqual(requests, bare[1], 'the client’s own traffic is the same in any case');
    });

    if (hasWatch) {
      it('tells watches of changes of either side', async () => {
        const client = await start();
        await client.ask({ do: 'subscribe', service: SERVICE });
        await client.untilHeard('both sides', (heard: Entry[]) => heard.length === 3);
        inMesh(b);
        await client.untilHeard('one of the mesh', (heard: Entry[]) => heard.length === 2);
        register(a);
        await client.untilHeard('one more in the registry', (heard: Entry[]) => heard.length === 3);
        inMesh();
        await client.untilHeard('none in the mesh', (heard: Entry[]) => heard.length === 2);
        await client.ask({ do: 'unsubscribe' });
        const count = client.heard.length;
        inMesh(b);
        while ((await list(client)).length !== 3);
        assert.equal(client.heard.length, count);
      });
    }
  });
}
