/** Older versions of `nacos`, from the oldest that is supported: all read paths and subscriptions. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { npmSet } from '../../../lab';
import { startDevNacos } from '../../../src/dev/nacos';
import { AdsServer, mesh } from '../../support/ads-server';
import { ROOT } from '../../support/app';
import { peer } from '../../support/peer';
import { RegistryClient } from '../../support/registry/client';
import { Instance } from '../../support/registry/instances';

const HOST = 'orders.default.svc.cluster.local';
const SERVICE = 'orders';

interface Row {
  readonly ip: string;
  readonly port: number;
}

async function scene() {
  const started = await Promise.all(['legacy', 'a', 'b'].map((name) => Instance.start(name)));
  const [legacy, a, b] = started as [Instance, Instance, Instance];
  const ads = await new AdsServer().start();
  const nacos = await startDevNacos({ mergeDelayMs: 10 });
  const inMesh = (...instances: readonly Instance[]) =>
    ads.set(mesh([{ host: HOST, endpoints: instances.map(({ endpoint }) => endpoint) }]));
  nacos.register({ namespace: 'public', group: 'DEFAULT_GROUP', name: SERVICE }, [
    {
      ...{ ip: '127.0.0.1', port: legacy.port, weight: 1, healthy: true, enabled: true, ephemeral: true },
      ...{ clusterName: 'DEFAULT', metadata: {} },
    },
  ]);
  inMesh(a, b);
  const stop = async () => {
    ads.stop();
    await nacos.stop();
    for (const instance of started) await instance.stop();
  };
  return { legacy, a, b, ads, nacos, inMesh, stop };
}

function list(client: RegistryClient): Promise<Row[]> {
  return client.ask<Row[]>({ do: 'list', service: SERVICE, clusters: 'DEFAULT' });
}

for (const [set, version] of Object.entries({ lowest: '2.0.0', middle: '2.4.1' })) {
  describe(`nacos ${version} under the agent`, function () {
    this.timeout(180_000);

    it('lists, selects, tells and calls as the newest does', async function () {
      const files = join(ROOT, 'fixtures', 'registry-clients', set);
      const folder = peer(this, await npmSet(`registry-clients-${set}`, files));
      const { legacy, a, b, ads, nacos, inMesh, stop } = await scene();
      const env = { INMESH_XDS: ads.address };
      const client = await RegistryClient.start('nacos', { args: [folder, nacos.address], env });
      try {
        const all = await list(client);
        assert.deepEqual(
          all.map(({ port }) => port),
          [legacy.port, a.port, b.port],
        );
        const addresses = all.map(({ ip, port }) => `${ip}:${port}`);
        const answers = await client.ask({ do: 'call', addresses });
        assert.deepEqual(answers, ['200 legacy', '200 a', '200 b']);
        await client.ask({ do: 'subscribe', service: SERVICE });
        inMesh(b);
        await client.untilHeard('one gone from the mesh', (heard: Row[]) => heard.length === 2);
        const selected = { do: 'select', service: SERVICE, clusters: 'DEFAULT', healthy: true };
        assert.equal((await client.ask<Row[]>(selected)).length, 2);
      } finally {
        await client.stop();
        await stop();
      }
    });
  });
}
