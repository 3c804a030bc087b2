/** `joinKubernetes` in a real istiod with a Kubernetes registry: instances of Nacos behind an existing Service. */
import assert from 'node:assert/strict';
import { type Istiod, startIstiod } from '../../../lab';
import type { Bridge } from '../../../src/bridge';
import { decodeLoadAssignment, TYPE_URL } from '../../../src/xds';
import {
  bridgeYaml,
  configOf,
  registryService,
  ScriptedSource,
  startScripted,
} from '../../support/bridge/scripted-source';
import { peer } from '../../support/peer';
import { sidecarNode, XdsClient } from '../../support/xds-client';

const HOST = 'reviews.shop.svc.cluster.local';
const CLUSTER = `outbound|9080||${HOST}`;
const JOIN = `
convert:
  joinKubernetes:
    - { host: ${HOST}, namespace: shop, portNames: { http: http-main }, from: [nacos/reviews] }
`;

describe('bridge: instances behind a Kubernetes Service, in a real istiod', function () {
  this.timeout(120_000);
  let bridge: Bridge | undefined;
  let istiod: Istiod | undefined;
  let node: XdsClient | undefined;
  const nacos = new ScriptedSource('nacos', (sink) => {
    sink.state('up');
    sink.update(registryService('reviews', ['192.0.2.1:7070']));
    sink.synced();
  });

  before(async function () {
    this.timeout(600_000);
    ({ bridge } = await startScripted(configOf(bridgeYaml(JOIN)), { nacos }));
    const services = [
      {
        ...{ namespace: 'shop', name: 'reviews', clusterIP: '10.96.0.7', addresses: ['10.6.0.1'] },
        ports: [{ name: 'http-main', port: 9080, target: 8080 }],
      },
    ];
    istiod = peer(this, await startIstiod({ configSources: [`xds://${bridge.mcpAddress}`], services }));
    node = new XdsClient(istiod.xdsAddress, sidecarNode());
    node.subscribe(TYPE_URL.cluster);
    await node.until(() => node!.resources(TYPE_URL.cluster).has(CLUSTER), 'the cluster of the Service');
    node.subscribe(TYPE_URL.endpoint, [CLUSTER]);
  });
  after(async () => {
    node?.close();
    await istiod?.stop();
    await bridge?.stop();
  });

  const endpoints = () => {
    const bytes = node!.resources(TYPE_URL.endpoint).get(CLUSTER);
    const decoded = bytes && decodeLoadAssignment(bytes);
    const found = decoded?.ok ? JSON.stringify(decoded.value).match(/\d+\.\d+\.\d+\.\d+(?=")/g) : undefined;
    return [...(found ?? [])].sort().join(' ');
  };
  const become = (expected: string) => node!.until(() => endpoints() === expected, expected, 30_000);

  it("the Service's one cluster has its pods and the registry's instances, and follows these", async () => {
    await become('10.6.0.1 192.0.2.1');
    nacos.sink!.update(registryService('reviews', ['192.0.2.1:7070', '192.0.2.2:7071']));
    await become('10.6.0.1 192.0.2.1 192.0.2.2');
    nacos.sink!.update(registryService('reviews', []));
    await become('10.6.0.1');
    nacos.sink!.update(registryService('reviews', ['192.0.2.3:7070']));
    await become('10.6.0.1 192.0.2.3');
    const clusters = [...node!.resources(TYPE_URL.cluster).keys()].filter((name) => name.includes(HOST));
    assert.deepEqual(clusters, [CLUSTER], "the Service's port counts, and there is no second one");
  });
});
