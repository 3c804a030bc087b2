/** The unmodified npm clients of Eureka between a registry and a control plane. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { npmSet } from '../../../lab';
import { AdsServer, mesh } from '../../support/ads-server';
import { ROOT } from '../../support/app';
import { peer } from '../../support/peer';
import { RegistryClient } from '../../support/registry/client';
import { FullAnswers } from '../../support/registry/eureka';
import { Instance } from '../../support/registry/instances';

const HOST = 'orders.default.svc.cluster.local';
const APP = 'ORDERS';
const CLIENTS = [
  { set: 'lowest', name: 'eureka-js-client', version: '4.1.1' },
  { set: 'newest', name: 'eureka-js-client', version: '4.5.0' },
  { set: 'newest', name: '@rocketsoftware/eureka-js-client', version: '4.5.9' },
];

interface Row {
  readonly ipAddr: string;
  readonly port: { readonly $: number };
  readonly metadata: Record<string, string>;
}

const ports = (rows: readonly Row[]) => rows.map(({ port }) => port.$);
const addresses = (rows: readonly Row[]) => rows.map(({ ipAddr, port }) => `${ipAddr}:${port.$}`);

for (const { set, name, version } of CLIENTS) {
  describe(`${name} ${version} under the agent`, function () {
    this.timeout(180_000);
    let folder: string;
    let ads: AdsServer;
    let eureka: FullAnswers;
    let port: number;
    let legacy: Instance;
    let a: Instance;
    let b: Instance;
    const clients: RegistryClient[] = [];

    before(async function () {
      const files = join(ROOT, 'fixtures', 'registry-clients', set);
      folder = peer(this, await npmSet(`registry-clients-${set}`, files));
      const started = await Promise.all(['legacy', 'a', 'b'].map((each) => Instance.start(each)));
      [legacy, a, b] = started as [Instance, Instance, Instance];
    });
    beforeEach(async () => {
      ads = await new AdsServer().start();
      eureka = await FullAnswers.start();
      port = eureka.port;
      eureka.apps.set(APP, [legacy]);
      inMesh(a, b);
    });
    afterEach(async () => {
      for (const client of clients.splice(0)) await client.stop();
      ads.stop();
      await eureka.stop();
    });
    after(async () => {
      for (const instance of [legacy, a, b]) await instance?.stop();
    });

    function inMesh(...instances: readonly Instance[]): void {
      ads.set(mesh([{ host: HOST, endpoints: instances.map(({ endpoint }) => endpoint) }]));
    }

    async function start(env: Record<string, string> = {}, preload = true): Promise<RegistryClient> {
      const client = await RegistryClient.start('eureka', {
        args: [folder, name, String(port)],
        preload,
        env: { INMESH_XDS: ads.address, ...env },
      });
      clients.push(client);
      await client.ask({ do: 'start' });
      return client;
    }

    const list = (client: RegistryClient, by = 'list', service = APP) =>
      client.ask<Row[]>({ do: by, service });

    it('reads both sides by application and by VIP address; the registry’s records and cache stay as they were', async () => {
      const [own] = await list(await start({}, false));
      const client = await start();
      await client.ask({ do: 'subscribe', service: APP });
      await list(client);
      await client.untilHeard('the mesh is known', (heard: Row[]) => heard.length === 3);
      const all = await list(client);
      assert.deepEqual(all[0], own);
      assert.deepEqual(ports(all), [legacy.port, a.port, b.port]);
      assert.deepEqual(all[2]!.metadata, { 'inmesh.origin': 'cluster.local', 'inmesh.host': HOST });
      assert.deepEqual(ports(await list(client, 'list', 'orders')), ports(all));
      assert.deepEqual(ports(await list(client, 'vip', 'orders')), ports(all));
      assert.deepEqual(await list(client, 'cached'), [own]);
      const answers = await client.ask({ do: 'call', addresses: addresses(all) });
      assert.deepEqual(answers, ['200 legacy', '200 a', '200 b']);
    });

    it('tells of changes of the mesh, and reads those of the registry', async () => {
      const client = await start();
      await client.ask({ do: 'subscribe', service: APP });
      await list(client);
      await client.untilHeard('both sides', (heard: Row[]) => heard.length === 3);
      inMesh(a);
      await client.untilHeard('one gone from the mesh', (heard: Row[]) => heard.length === 2);
      eureka.apps.set(APP, [legacy, a]);
      await client.ask({ do: 'fetch' });
      assert.deepEqual(ports(await list(client)), [legacy.port, a.port]);
      inMesh(a, b);
      await client.untilHeard('one more in the mesh', (heard: Row[]) => heard.length === 3);
      eureka.apps.set(APP, [legacy]);
      await client.ask({ do: 'fetch' });
      assert.deepEqual(ports(await list(client)), [legacy.port, b.port], 'what was deregistered stays away');
    });

    it('reads the mesh’s while the registry is away', async () => {
      await eureka.stop();
      const client = await start();
      await client.ask({ do: 'subscribe', service: APP });
      assert.deepEqual(await list(client), []);
      await client.untilHeard('the mesh’s', (heard: Row[]) => heard.length === 2);
      eureka = await FullAnswers.start(port);
      eureka.apps.set(APP, [legacy, b]);
      await client.ask({ do: 'fetch' });
      assert.deepEqual(ports(await list(client)), [legacy.port, b.port, a.port]);
    });

    it('is as it was when the hook is off', async () => {
      const asked = async (client: RegistryClient) => {
        eureka.requests.length = 0;
        await client.ask({ do: 'fetch' });
        return [await list(client), [...eureka.requests]];
      };
      const bare = await asked(await start({}, false));
      assert.deepEqual(await asked(await start({ INMESH_HOOKS_OFF: 'eureka' })), bare);
      const [, requests] = await asked(await start());
      assert.deepEqual(requests, bare[1], 'the client’s own traffic is the same in any case');
    });
  });
}
