/** New calls do not fail while some instance lives on either side, whatever happens to lists, modes and servers. */

import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDevNacos } from '../../../src/dev/nacos';
import { AdsServer, mesh } from '../../support/ads-server';
import { ROOT } from '../../support/app';
import { RegistryClient } from '../../support/registry/client';
import { Instance } from '../../support/registry/instances';

const HOST = 'orders.default.svc.cluster.local';
const SERVICE = 'orders';

describe('nacos under the agent, under load', function () {
  this.timeout(180_000);

  it('no new call is refused: instances die, lists change, modes switch, the registry and the mesh go away', async () => {
    const started = await Promise.all(['legacy', 'a', 'b'].map((name) => Instance.start(name)));
    const [legacy, a, b] = started as [Instance, Instance, Instance];
    const ads = await new AdsServer().start();
    const nacos = await startDevNacos({ mergeDelayMs: 10 });
    const folder = mkdtempSync(join(tmpdir(), 'inmesh-load-'));
    const file = join(folder, 'inmesh.json');
    const setMode = (mode: string) => {
      writeFileSync(`${file}.new`, JSON.stringify({ INMESH_REGISTRY_MODES: `*=${mode}` }));
      renameSync(`${file}.new`, file);
    };
    const inRegistry = (...instances: readonly Instance[]) =>
      nacos.register(
        { namespace: 'public', group: 'DEFAULT_GROUP', name: SERVICE },
        instances.map(({ port }) => ({
          ...{ ip: '127.0.0.1', port, weight: 1, healthy: true, enabled: true, ephemeral: true },
          ...{ clusterName: 'DEFAULT', metadata: {} },
        })),
      );
    const inMesh = (...instances: readonly Instance[]) => {
      const base = mesh([{ host: HOST, endpoints: instances.map(({ endpoint }) => endpoint) }]);
      const route = base.routes[0]!.virtualHosts![0]!.routes![0]!;
      // As istiod's defaults: connections are tried again, without Envoy's limit of three retries at a time.
      const unlimited = { value: 4_294_967_295 };
      const thresholds = [
        {
          maxConnections: unlimited,
          maxPendingRequests: unlimited,
          maxRequests: unlimited,
          maxRetries: unlimited,
        },
      ];
      for (const each of base.clusters) each.circuitBreakers = { thresholds };
      const retryHostPredicate = [{ name: 'envoy.retry_host_predicates.previous_hosts' }];
      const retryPolicy = { retryOn: 'connect-failure', numRetries: { value: 2 }, retryHostPredicate };
      route.route = { ...route.route, retryPolicy };
      ads.set(base);
    };
    setMode('merge');
    inRegistry(legacy);
    inMesh(a, b);
    const client = await RegistryClient.start('nacos', {
      args: [join(ROOT, 'node_modules'), nacos.address],
      env: { INMESH_XDS: ads.address, INMESH_FILE: file },
    });
    try {
      await client.ask({ do: 'subscribe', service: SERVICE });
      const count = (wanted: number) => (heard: unknown[]) => heard.length === wanted;
      await client.untilHeard('both sides', count(3));
      await client.ask({ do: 'load', service: SERVICE, loops: 8 });
      /** So many more answers of each of these. */
      const more = async (...names: readonly string[]) => {
        const answers = () => client.ask<Record<string, number>>({ do: 'answers' });
        const before = await answers();
        for (;;) {
          const now = await answers();
          if (names.every((name) => (now[`200 ${name}`] ?? 0) > (before[`200 ${name}`] ?? 0) + 20)) return;
        }
      };
      await more('legacy', 'a', 'b');
      setMode('xds-first');
      await client.untilHeard('the mesh alone', count(2));
      await more('a', 'b');
      setMode('registry-first');
      await client.untilHeard('the registry alone', count(1));
      await more('legacy');
      setMode('merge');
      await client.untilHeard('both sides again', count(3));
      inMesh(a);
      await client.untilHeard('one of the mesh', count(2));
      inMesh(a, b);
      await client.untilHeard('two of the mesh', count(3));
      await a.stop();
      await more('legacy', 'b');
      await legacy.stop();
      await more('b');
      await nacos.stop();
      await more('b');
      ads.stop();
      await more('b');
      const answers = await client.ask<Record<string, number>>({ do: 'settle' });
      // A request that was on its way to an instance when that was killed.
      const { ECONNRESET: inFlight = 0, ...others } = answers;
      const failed = Object.keys(others).filter((answer) => !answer.startsWith('200 '));
      assert.deepEqual(failed, [], JSON.stringify(answers));
      assert.ok(inFlight <= 16, JSON.stringify(answers));
    } finally {
      await client.stop();
      ads.stop();
      await nacos.stop();
      rmSync(folder, { recursive: true, force: true });
      await b.stop();
    }
  });
});
