/** From registries to a sidecar with nothing installed: sources → bridge → inmesh dev → endpoints. */

import { strict as assert } from 'node:assert';
import { parseConfig } from '../../../src/bridge/config';
import { startBridge } from '../../../src/bridge/main';
import { startDevControlPlane } from '../../../src/dev';
import { decodeMessage, pb, TYPE_URL } from '../../../src/xds';
import { sidecarNode, XdsClient } from '../../support/xds-client';
import { FakeConsul } from '../bridge/consul/server';
import { FakeEureka } from '../bridge/eureka/server';

const ORDERS = 'outbound|80||orders.eureka';
const STOCK = 'outbound|80||stock.dc1.consul';

describe('Eureka and Consul through the bridge into inmesh dev', function () {
  this.timeout(60_000);
  const ends: (() => unknown)[] = [];
  const log = { line: () => undefined };

  after(async () => {
    for (const end of ends.reverse()) await end();
  });

  it('arrive as hosts with endpoints, and so does every change', async () => {
    const eureka = await new FakeEureka().listen();
    ends.push(() => eureka.close());
    eureka.register('ORDERS', { id: 'o1', port: 8001, metadata: { version: 'v1' } });
    const consul = await new FakeConsul().listen();
    ends.push(() => consul.close());
    consul.register('stock', { id: 's1', port: 9001, weights: { Passing: 3, Warning: 1 } });
    consul.register('stock', { id: 's2', port: 9002 });
    const settings = {
      sources: [
        { type: 'eureka', name: 'e', servers: [eureka.url], pollIntervalMs: 100 },
        { type: 'consul', name: 'c', servers: [consul.url] },
      ],
      mcp: { listen: '127.0.0.1:0' },
      admin: { enabled: false },
    };
    const { config, problems } = parseConfig('bridge.yaml', JSON.stringify(settings), {});
    assert.deepEqual(problems, []);
    const bridge = await startBridge({ config: config!, log });
    ends.push(() => bridge.stop());
    const plane = await startDevControlPlane({ objects: [], mcp: [`xds://${bridge.mcpAddress}`], log });
    ends.push(() => plane.stop());
    const client = new XdsClient(plane.address, sidecarNode());
    ends.push(() => client.close());
    client.subscribe(TYPE_URL.cluster);
    client.subscribe(TYPE_URL.endpoint, [ORDERS, STOCK]);
    const until = (cluster: string, wanted: readonly string[]) =>
      client.until(
        () => JSON.stringify(endpoints(client, cluster)) === JSON.stringify(wanted),
        `${wanted} in ${cluster}, there is ${endpoints(client, cluster)} of ${[...client.resources(TYPE_URL.cluster).keys()]}`,
        30_000,
      );
    await until(ORDERS, ['10.0.0.1:8001 weight 1']);
    await until(STOCK, ['10.0.0.9:9001 weight 3', '10.0.0.9:9002 weight 1']);
    eureka.register('ORDERS', { id: 'o2', port: 8002 });
    await until(ORDERS, ['10.0.0.1:8001 weight 1', '10.0.0.1:8002 weight 1']);
    eureka.register('ORDERS', { id: 'o1', port: 8001, status: 'OUT_OF_SERVICE' });
    await until(ORDERS, ['10.0.0.1:8002 weight 1']);
    consul.register('stock', { id: 's1', port: 9001, weights: { Passing: 5, Warning: 1 } });
    await until(STOCK, ['10.0.0.9:9001 weight 5', '10.0.0.9:9002 weight 1']);
    consul.deregister('stock', 's1');
    await until(STOCK, ['10.0.0.9:9002 weight 1']);
    consul.deregister('stock', 's2');
    await until(STOCK, []);
  });
});

/** `ip:port weight N`, sorted. */
function endpoints(client: XdsClient, cluster: string): string[] {
  const bytes = client.resources(TYPE_URL.endpoint).get(cluster);
  if (!bytes) return ['nothing yet'];
  const assignment = decodeMessage(pb.envoy.config.endpoint.v3.ClusterLoadAssignment, bytes);
  return assignment.endpoints
    .flatMap(({ lbEndpoints }) => lbEndpoints ?? [])
    .map(({ endpoint, loadBalancingWeight }) => {
      const { address, portValue } = endpoint?.address?.socketAddress ?? {};
      return `${address}:${portValue} weight ${loadBalancingWeight?.value ?? 1}`;
    })
    .sort();
}
