/** Several bridges as several config sources of one istiod: what happens to one does not concern the others. */
import assert from 'node:assert/strict';
import { type Istiod, startIstiod } from '../../../lab';
import type { Bridge } from '../../../src/bridge';
import { TYPE_URL } from '../../../src/xds';
import {
  bridgeYaml,
  configOf,
  registryService,
  ScriptedSource,
  startScripted,
} from '../../support/bridge/scripted-source';
import { peer } from '../../support/peer';
import { sidecarNode, XdsClient } from '../../support/xds-client';

const cluster = (name: string) => `outbound|80||${name}.default-group.public.nacos`;

describe('bridge: two of them for one istiod', function () {
  this.timeout(120_000);
  const sources = ['orders', 'stock'].map(
    (name, i) =>
      new ScriptedSource('nacos', (sink) => {
        sink.state('up');
        sink.update(registryService(name, [`10.4.0.${i}:8080`]));
        sink.synced();
      }),
  );
  const bridges: Bridge[] = [];
  let istiod: Istiod | undefined;
  let node: XdsClient | undefined;

  before(async function () {
    this.timeout(600_000);
    for (const nacos of sources)
      bridges.push((await startScripted(configOf(bridgeYaml()), { nacos })).bridge);
    const configSources = bridges.map(({ mcpAddress }) => `xds://${mcpAddress}`);
    istiod = peer(this, await startIstiod({ configSources }));
    node = new XdsClient(istiod.xdsAddress, sidecarNode());
    node.subscribe(TYPE_URL.cluster);
  });
  after(async () => {
    node?.close();
    await istiod?.stop();
    for (const bridge of bridges) await bridge.stop();
  });

  const has = (name: string) => node!.resources(TYPE_URL.cluster).has(cluster(name));

  it('all services of both are there; one bridge dies: its services stay, and the other goes on', async () => {
    await node!.until(() => has('orders') && has('stock'), 'the services of both');
    await bridges[0]!.stop();
    sources[1]!.sink!.update(registryService('users', ['10.4.0.9:8080']));
    await node!.until(() => has('users'), 'news from the bridge that lives');
    sources[1]!.sink!.update(registryService('carts', ['10.4.0.8:8080']));
    await node!.until(() => has('carts'), 'more news from it');
    assert.ok(has('orders') && has('stock'));
  });
});
