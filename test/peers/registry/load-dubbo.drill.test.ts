/** The unmodified npm client `dubbo2.js` under load with real Dubbo providers and a real ZooKeeper; in full only. */

import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DubboProvider, npmSet, startDubboProvider, startZooKeeper } from '../../../lab';
import { AdsServer, mesh } from '../../support/ads-server';
import { ROOT } from '../../support/app';
import { drill, peer } from '../../support/peer';
import { RegistryClient } from '../../support/registry/client';

const HOST = 'greetings.default.svc.cluster.local';
const LOOPS = 8;
const PHASE = 200;

describe('dubbo2.js calls on while providers die, lists change, modes switch, real servers go away', function () {
  this.timeout(600_000);

  for (const client of drill({ short: [], full: ['dubbo2.js'] })) {
    it('no new call fails', async function () {
      const files = join(ROOT, 'fixtures', 'registry-clients', 'newest');
      const packages = peer(this, await npmSet('registry-clients-newest', files));
      const folder = mkdtempSync(join(tmpdir(), 'inmesh-load-'));
      const file = join(folder, 'inmesh.json');
      const setMode = (mode: string) => {
        writeFileSync(`${file}.new`, JSON.stringify({ INMESH_REGISTRY_MODES: `*=${mode}` }));
        renameSync(`${file}.new`, file);
      };
      const ads = await new AdsServer().start();
      const inMesh = (...providers: readonly DubboProvider[]) => {
        const endpoints = providers.map(({ port }) => ['127.0.0.1', port] as const);
        ads.set(mesh([{ host: HOST, port: 20_880, endpoints }]));
      };
      const closing: (() => unknown)[] = [
        () => ads.stop(),
        () => rmSync(folder, { recursive: true, force: true }),
      ];
      try {
        const zookeeper = peer(this, await startZooKeeper());
        closing.push(() => zookeeper.stop());
        const start = async (id: string, registry: string) => {
          const options = { registries: [registry], arguments: [`id=${id}`] };
          const provider = peer(this, await startDubboProvider(options));
          closing.push(() => provider.stop());
          return provider;
        };
        const known = await start('known', `zookeeper://${zookeeper.address}`);
        const [a, b] = [await start('a', 'N/A'), await start('b', 'N/A')];
        setMode('merge');
        inMesh(a, b);
        const hosts = `dubbo/demo.GreetingService=${HOST}:20880`;
        const app = await RegistryClient.start('sample', {
          args: [client, packages, zookeeper.address],
          env: { INMESH_XDS: ads.address, INMESH_FILE: file, INMESH_REGISTRY_HOSTS: hosts },
        });
        closing.push(() => app.stop());
        await app.ask({ do: 'load', service: 'greetings', loops: LOOPS });
        const answers = () => app.ask<Record<string, number>>({ do: 'answers' });
        /** Until so many calls in a row were answered by these, each of them and nobody else. */
        const until = async (what: string, ...names: readonly string[]) => {
          const deadline = Date.now() + 60_000;
          for (;;) {
            const before = await answers();
            let [now, count] = [before, 0];
            const more = (answer: string) => (now[answer] ?? 0) - (before[answer] ?? 0);
            while (count < PHASE) {
              now = await answers();
              count = Object.keys(now).reduce((sum, answer) => sum + more(answer), 0);
            }
            const who = Object.keys(now).filter((answer) => more(answer) > 0);
            if (who.sort().join() === names.map((name) => `200 ${name}`).join()) return;
            assert.ok(Date.now() < deadline, `${what}: ${JSON.stringify(now)}`);
          }
        };
        await until('both sides', 'a', 'b', 'known');
        setMode('xds-first');
        await until('the mesh alone', 'a', 'b');
        setMode('registry-first');
        await until('the registry alone', 'known');
        setMode('merge');
        await until('both sides again', 'a', 'b', 'known');
        inMesh(a);
        await until('one of the mesh', 'a', 'known');
        inMesh();
        await until('none of the mesh', 'known');
        inMesh(a, b);
        await until('two of the mesh', 'a', 'b', 'known');
        await a.kill();
        await until('one that the mesh still has is dead', 'b', 'known');
        await known.kill();
        await until('one that the registry still has is dead too', 'b');
        await zookeeper.kill();
        await until('the registry is away', 'b');
        ads.stop();
        await until('both are away', 'b');
        const all = await app.ask<Record<string, number>>({ do: 'settle' });
        // Requests that were on their way to a provider when that was killed: this client lets them wait their time.
        const failed = Object.entries(all).filter(([answer]) => !answer.startsWith('200 '));
        const inFlight = failed.filter(([answer]) => answer.includes('remote invoke timeout'));
        assert.deepEqual(failed, inFlight, JSON.stringify(all));
        const lost = inFlight.reduce((sum, [, count]) => sum + count, 0);
        assert.ok(lost <= 2 * LOOPS, JSON.stringify(all));
        console.log(`      ${JSON.stringify(all)}`);
      } finally {
        for (const close of closing.reverse()) await close();
      }
    });
  }
});
