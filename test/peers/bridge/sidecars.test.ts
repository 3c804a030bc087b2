/** Generated Sidecars in a real istiod: the workloads of an application are told of what it consumes, others of all. */
import assert from 'node:assert/strict';
import { type Istiod, startIstiod } from '../../../lab';
import type { Bridge } from '../../../src/bridge';
import { TYPE_URL } from '../../../src/xds';
import {
  bridgeYaml,
  configOf,
  dubboServices,
  registryService,
  ScriptedSource,
  startScripted,
} from '../../support/bridge/scripted-source';
import { peer } from '../../support/peer';
import { sidecarNode, XdsClient } from '../../support/xds-client';

const CONSUMED = 'outbound|20880||demo.orders.dubbo';
const OTHER = 'outbound|80||stock.default-group.public.nacos';

describe('bridge: Sidecars in a real istiod', () => {
  let bridge: Bridge | undefined;
  let istiod: Istiod | undefined;
  const nodes: XdsClient[] = [];

  before(async function () {
    this.timeout(600_000);
    const yaml = bridgeYaml('sidecars: { workloads: [{ namespace: shop }] }');
    const nacos = new ScriptedSource('nacos', (sink) => {
      sink.state('up');
      sink.update(registryService('stock', ['10.3.0.2:8080']));
      for (const service of dubboServices()) sink.update(service);
      sink.synced();
    });
    const config = configOf(yaml.replace('["127.0.0.1:1"]', '["127.0.0.1:1"], dubbo: { consumers: true }'));
    ({ bridge } = await startScripted(config, { nacos }));
    istiod = peer(this, await startIstiod({ configSources: [`xds://${bridge.mcpAddress}`] }));
  });
  after(async () => {
    for (const node of nodes) node.close();
    await istiod?.stop();
    await bridge?.stop();
  });

  const clustersOf = (app: string) => {
    const node = new XdsClient(istiod!.xdsAddress, sidecarNode({ namespace: 'shop', labels: { app } }));
    nodes.push(node);
    node.subscribe(TYPE_URL.cluster);
    return node;
  };

  it('the consumer sees what it consumes and nothing else of the registry; another application sees all', async () => {
    const web = clustersOf('web');
    await web.until(() => {
      const clusters = web.resources(TYPE_URL.cluster);
      return clusters.has(CONSUMED) && !clusters.has(OTHER);
    }, 'the consumed host alone');
    const other = clustersOf('other');
    await other.until(() => other.resources(TYPE_URL.cluster).has(OTHER), 'every host');
    assert.ok(other.resources(TYPE_URL.cluster).has(CONSUMED));
    const held = JSON.parse(await istiod!.debug('/debug/configz')) as { kind: string; spec: unknown }[];
    assert.deepEqual(
      held.filter(({ kind }) => kind === 'Sidecar').map(({ spec }) => spec),
      [
        {
          egress: [{ hosts: ['./*', 'inmesh-registry/demo.orders.dubbo', 'istio-system/*'] }],
          workloadSelector: { labels: { app: 'web' } },
        },
      ],
    );
  }).timeout(60_000);
});
