/** The unmodified npm client `eureka-js-client` with a real Eureka server, in full answers and in deltas. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type EurekaServer, npmSet, startEureka } from '../../../lab';
import { AdsServer, mesh } from '../../support/ads-server';
import { ROOT } from '../../support/app';
import { peer } from '../../support/peer';
import { RegistryClient } from '../../support/registry/client';
import { Instance } from '../../support/registry/instances';

const HOST = 'orders.default.svc.cluster.local';
const APP = 'ORDERS';

interface Row {
  readonly ipAddr: string;
  readonly port: { readonly $: number };
}

describe('eureka-js-client 4.5.0 with a real Eureka', function () {
  this.timeout(300_000);
  let eureka: EurekaServer;
  let ads: AdsServer;
  let folder: string;
  let legacy: Instance;
  let a: Instance;
  const clients: RegistryClient[] = [];

  before(async function () {
    const files = join(ROOT, 'fixtures', 'registry-clients', 'newest');
    folder = peer(this, await npmSet('registry-clients-newest', files));
    eureka = peer(this, await startEureka());
    ads = await new AdsServer().start();
    [legacy, a] = [await Instance.start('legacy'), await Instance.start('a')];
    inMesh(a);
    await register(legacy);
  });
  after(async () => {
    for (const client of clients) await client.stop();
    ads?.stop();
    for (const instance of [legacy, a]) await instance?.stop();
    await eureka?.stop();
  });

  function inMesh(...instances: readonly Instance[]): void {
    ads.set(mesh([{ host: HOST, endpoints: instances.map(({ endpoint }) => endpoint) }]));
  }

  async function register({ name, port }: Instance): Promise<void> {
    const instance = {
      ...{ instanceId: name, hostName: 'localhost', app: APP, ipAddr: '127.0.0.1', status: 'UP' },
      ...{ port: { $: port, '@enabled': true }, vipAddress: 'orders' },
      dataCenterInfo: {
        '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo',
        name: 'MyOwn',
      },
    };
    const answer = await fetch(`${eureka.url}/apps/${APP}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ instance }),
    });
    assert.equal(answer.status, 204);
  }

  for (const deltas of [false, true]) {
    it(`reads both sides and tells of the mesh, by ${deltas ? 'deltas' : 'full answers'}`, async () => {
      const client = await RegistryClient.start('eureka', {
        args: [folder, 'eureka-js-client', String(eureka.port), ...(deltas ? ['deltas'] : [])],
        env: { INMESH_XDS: ads.address },
      });
      clients.push(client);
      const list = () => client.ask<Row[]>({ do: 'list', service: APP });
      const count = (wanted: number) => (heard: Row[]) => heard.length === wanted;
      await client.ask({ do: 'start' });
      await client.ask({ do: 'subscribe', service: APP });
      while (!(await list()).some(({ port }) => Number(port.$) === legacy.port)) {
        // Its server answers from a cache of its own for some seconds.
        await client.ask({ do: 'fetch' });
      }
      while ((await list()).length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
      const [own, copy] = (await list()) as [Row, Row];
      assert.deepEqual(
        Object.keys(copy).filter((key) => !(key in own)),
        [],
      );
      const addresses = (await list()).map(({ ipAddr, port }) => `${ipAddr}:${port.$}`);
      assert.deepEqual(await client.ask({ do: 'call', addresses }), ['200 legacy', '200 a']);
      inMesh();
      await client.untilHeard('none in the mesh', count(1));
      const second = await Instance.start(`second-${deltas}`);
      try {
        await register(second);
        while (!(await list()).some(({ port }) => Number(port.$) === second.port))
          await client.ask({ do: 'fetch' });
        assert.equal((await list()).length, 2);
        inMesh(a);
        await client.untilHeard('one in the mesh', count(3));
      } finally {
        await second.stop();
        await fetch(`${eureka.url}/apps/${APP}/${second.name}`, { method: 'DELETE' });
      }
      // As the next one expects it.
      while ((await list()).length !== 2) await client.ask({ do: 'fetch' });
    });
  }
});
