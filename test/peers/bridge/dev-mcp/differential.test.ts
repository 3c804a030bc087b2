/** A real istiod and `inmesh dev --mcp` that follow one bridge, with one folder, give a sidecar the same mesh. */

import { strict as assert } from 'node:assert';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Istiod, startIstiod } from '../../../../lab';
import type { RegistryInstance, RegistryService } from '../../../../src/bridge/model';
import { type DevControlPlane, startDevControlPlane } from '../../../../src/dev';
import { type Compiled, compile } from '../../../support/compiled';
import { eventually } from '../../../support/load';
import { peer } from '../../../support/peer';
import { ScriptedBridge } from '../../../support/registries/scripted-bridge';
import { fetchAll, sidecarNode } from '../../../support/xds-client';

const FOLDER = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: orders, namespace: shop }
spec:
  hosts: [orders.dc1.consul]
  http:
    - match: [{ headers: { x-user: { exact: beta } } }]
      route: [{ destination: { host: orders.dc1.consul, subset: v2 } }]
    - route: [{ destination: { host: orders.dc1.consul } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: orders, namespace: shop }
spec:
  host: orders.dc1.consul
  trafficPolicy: { loadBalancer: { simple: RANDOM } }
  subsets: [{ name: v2, labels: { version: v2 } }]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: zzz-own, namespace: shop }
spec:
  hosts: [own.dc1.consul]
  addresses: [240.0.0.99]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: 10.9.9.9, ports: { http: 9999 } }]
`;

function instance(address: string, port: number, more: Partial<RegistryInstance> = {}): RegistryInstance {
  const facts = { weight: 1, healthy: true, enabled: true, metadata: {} };
  return { id: `${address}:${port}`, address, port, ...facts, ...more };
}

function service(name: string, ...instances: RegistryInstance[]): RegistryService {
  const facts = { kind: 'service', namespace: '', group: 'dc1', metadata: {} } as const;
  return { ...facts, key: `dc1/${name}`, name, instances };
}

const SERVICES = [
  service(
    'orders',
    instance('10.1.0.1', 8080, { metadata: { version: 'v1' }, region: 'r1', zone: 'z1' }),
    instance('10.1.0.2', 8081, { metadata: { version: 'v2' }, weight: 3, region: 'r2', zone: 'z1' }),
  ),
  service('chat', instance('10.2.0.1', 9000, { metadata: { protocol: 'grpc' } })),
  service('secure', instance('10.3.0.1', 8443, { protocol: 'https' })),
  service('raw', instance('10.4.0.1', 4000, { metadata: { protocol: 'tcp' } })),
  service('named', instance('legacy.example', 8080)),
  service('mixed', instance('10.5.0.1', 80), instance('10.5.0.2', 9000, { metadata: { protocol: 'grpc' } })),
  service('empty'),
  service('own', instance('10.6.0.1', 8080)),
];

describe('inmesh dev --mcp against a real istiod with the same bridge', function () {
  this.timeout(120_000);
  let bridge: ScriptedBridge | undefined;
  let istiod: Istiod;
  let plane: DevControlPlane | undefined;
  let folder = '';

  before(async function () {
    bridge = await ScriptedBridge.start(['registry']);
    bridge.set('registry', SERVICES);
    istiod = peer(
      this,
      await startIstiod({ files: { 'mesh.yaml': FOLDER }, configSources: [bridge.configSource] }),
    );
    folder = await mkdtemp(join(tmpdir(), 'inmesh-dev-mcp-'));
    await writeFile(join(folder, 'mesh.yaml'), FOLDER);
    plane = await startDevControlPlane({ folder, mcp: [bridge.configSource] });
  });

  after(async () => {
    await plane?.stop();
    await istiod?.stop();
    await bridge?.stop();
    if (folder) await rm(folder, { recursive: true });
  });

  async function compiledBy(address: string): Promise<Compiled> {
    return compile(await fetchAll(address, sidecarNode(), [80, 9090, 443]));
  }

  /** Both are told at their own pace: until they agree, or the difference stays. */
  async function agree(): Promise<Compiled> {
    const both = async () => [await compiledBy(plane!.address), await compiledBy(istiod.xdsAddress)] as const;
    const isSame = async () => {
      const [ours, theirs] = await both();
      return JSON.stringify(ours) === JSON.stringify(theirs) ? true : undefined;
    };
    // When they never do, the comparison below shows where.
    await eventually('the same mesh', isSame, 10_000).catch(() => false);
    const [ours, theirs] = await both();
    assert.deepEqual(ours, theirs);
    return ours;
  }

  it('gives the same clusters, endpoints and routes', async () => {
    const text = JSON.stringify(await agree());
    for (const { name, instances } of SERVICES) {
      // A service that never had an instance is not served.
      assert.equal(text.includes(`${name}.dc1.consul`), instances.length > 0, name);
    }
    assert.ok(text.includes('10.9.9.9') && !text.includes('10.6.0.1'), "the folder's own host is its own");
  });

  it('and after changes', async () => {
    const [orders, ...others] = SERVICES;
    const moved = { ...orders!, instances: [instance('10.1.0.7', 8087, { metadata: { version: 'v2' } })] };
    bridge!.set('registry', [moved, ...others.filter(({ name }) => name !== 'raw')]);
    await eventually('the change', async () => {
      const text = JSON.stringify(await compiledBy(plane!.address));
      return text.includes('10.1.0.7') && !text.includes('raw.dc1.consul') ? true : undefined;
    });
    await agree();
  });
});
