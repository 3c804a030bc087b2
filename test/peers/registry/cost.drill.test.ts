/** What the hooks of registry clients cost: a list call beside the bare client's, and memory over many of them. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { startDevNacos } from '../../../src/dev/nacos';
import { AdsServer, mesh } from '../../support/ads-server';
import { ROOT } from '../../support/app';
import { RegistryClient } from '../../support/registry/client';

const FULL = process.env['INMESH_DRILLS'] === 'full';
const CALLS = FULL ? 1_000_000 : 50_000;
const CHANGES = FULL ? 10_000 : 200;
const ROUNDS = FULL ? 15 : 3;
const HOST = 'orders.default.svc.cluster.local';
const SERVICE = 'orders';
const MIB = 2 ** 20;

describe('registry clients: what they cost', function () {
  this.timeout(900_000);

  it(`${CALLS} list calls and ${CHANGES} changes leave the heap flat; a call costs what it did`, async () => {
    const ads = await new AdsServer().start();
    const nacos = await startDevNacos({ mergeDelayMs: 1 });
    const id = { namespace: 'public', group: 'DEFAULT_GROUP', name: SERVICE };
    const at = (port: number) => ({
      ...{ ip: '10.0.0.1', port, weight: 1, healthy: true, enabled: true, ephemeral: true },
      ...{ clusterName: 'DEFAULT', metadata: {} },
    });
    const setMesh = (last: number) =>
      ads.set(
        mesh([{ host: HOST, endpoints: [1, 2, 3, last].map((each) => [`10.0.1.${each}`, 80] as const) }]),
      );
    nacos.register(id, [1, 2, 3, 4, 5].map(at));
    setMesh(4);
    const start = (preload: boolean) =>
      RegistryClient.start('nacos-cost', {
        args: [join(ROOT, 'node_modules'), nacos.address],
        preload,
        env: { INMESH_XDS: ads.address },
      });
    const [ours, bare] = [await start(true), await start(false)];
    try {
      const prepare = { do: 'prepare', service: SERVICE };
      assert.deepEqual([await ours.ask(prepare), await bare.ask(prepare)], [9, 5]);
      const run = (client: RegistryClient, count: number) =>
        client.ask<number>({ do: 'run', service: SERVICE, count });
      const times = { ours: [] as number[], bare: [] as number[] };
      await run(ours, CALLS / 5);
      await run(bare, CALLS / 5);
      for (let round = 0; round < ROUNDS; round++) {
        times.ours.push(await run(ours, CALLS / ROUNDS));
        times.bare.push(await run(bare, CALLS / ROUNDS));
      }
      const [own, own0] = [Math.min(...times.ours), Math.min(...times.bare)];
      const before = await ours.ask<number>({ do: 'heap' });
      await run(ours, CALLS);
      for (let change = 0; change < CHANGES; change++) {
        setMesh(10 + (change % 100));
        nacos.register(id, [1, 2, 3, 4, 5 + (change % 100)].map(at));
        if (change % 20 === 0) await ours.ask({ do: 'changes' });
      }
      const grown = (await ours.ask<number>({ do: 'heap' })) - before;
      const heard = await ours.ask<number>({ do: 'changes' });
      console.log(
        `      list call ${own.toFixed(0)} ns, bare ${own0.toFixed(0)} ns; heap +${(grown / MIB).toFixed(1)} MiB after ${heard} changes heard`,
      );
      assert.ok(grown < 4 * MIB, `the heap has grown by ${grown} bytes`);
      if (FULL) assert.ok(own <= own0 * 1.1, `${own} ns beside ${own0} ns`);
    } finally {
      await ours.stop();
      await bare.stop();
      ads.stop();
      await nacos.stop();
    }
  });
});
