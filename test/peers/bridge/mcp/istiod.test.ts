/** The bridge as the config source of a real istiod. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Istiod, startIstiod } from '../../../../lab';
import type { Bridge } from '../../../../src/bridge';
import type { SourceSink } from '../../../../src/bridge/model';
import { decodeLoadAssignment, TYPE_URL } from '../../../../src/xds';
import {
  bridgeYaml,
  configOf,
  registryService,
  ScriptedSource,
  startScripted,
} from '../../../support/bridge/scripted-source';
import { makeCertificates } from '../../../support/certificates';
import { peer } from '../../../support/peer';
import { sidecarNode, XdsClient } from '../../../support/xds-client';

const HOST = 'orders.default-group.public.nacos';
const CLUSTER = `outbound|80||${HOST}`;
const MCP_TYPES = 15;

function addressesOf(client: XdsClient, cluster = CLUSTER): string[] {
  const bytes = client.resources(TYPE_URL.endpoint).get(cluster);
  if (!bytes) return [];
  const decoded = decodeLoadAssignment(bytes);
  assert.ok(decoded.ok);
  return JSON.stringify(decoded.value).match(/\d+\.\d+\.\d+\.\d+(?=")/g) ?? [];
}

describe('bridge: MCP towards a real istiod', () => {
  const orders = (...addresses: string[]) => registryService('orders', addresses);
  const registry = new Map<string, ReturnType<typeof orders>>();
  const tell = (sink: SourceSink) => {
    sink.state('up');
    for (const service of registry.values()) sink.update(service);
    sink.synced();
  };
  const source = new ScriptedSource('nacos', tell);
  let bridge: Bridge;
  let istiod: Istiod;
  let node: XdsClient;

  const start = async (listen: string) => {
    const config = configOf(bridgeYaml());
    ({ bridge } = await startScripted({ ...config, mcp: { ...config.mcp, listen } }, { nacos: source }));
  };
  const set = (service: ReturnType<typeof orders>) => {
    registry.set(service.name, service);
    source.sink!.update(service);
  };
  const clients = () => bridge.state().clients();
  const types = () => [...(clients()[0]?.types.values() ?? [])];

  before(async function () {
    this.timeout(600_000);
    registry.set('orders', orders('10.1.0.1:8080'));
    await start('127.0.0.1:0');
    istiod = peer(this, await startIstiod({ configSources: [`xds://${bridge.mcpAddress}`] }));
    node = new XdsClient(istiod.xdsAddress, sidecarNode());
    node.subscribe(TYPE_URL.cluster);
    await node.until(() => node.resources(TYPE_URL.cluster).has(CLUSTER), 'cluster');
    node.subscribe(TYPE_URL.endpoint, [CLUSTER]);
    await node.until(() => addressesOf(node).length === 1, 'endpoints');
  });
  after(async () => {
    node?.close();
    await istiod?.stop();
    await bridge?.stop();
  });

  it('answers all that istiod asks, which makes it ready; ServiceEntry is asked and taken as v1', () => {
    assert.deepEqual(addressesOf(node), ['10.1.0.1']);
    const asked = types().map(({ typeUrl }) => typeUrl);
    assert.ok(asked.length > MCP_TYPES, asked.join(', '));
    assert.ok(asked.includes('networking.istio.io/v1/ServiceEntry'));
    assert.ok(types().every(({ waiting }) => !waiting));
  });

  it('changes of endpoints, weights and labels reach a sidecar; istiod takes every version', async () => {
    set(orders('10.1.0.1:8080', '10.1.0.2:8080'));
    await node.until(() => addressesOf(node).length === 2, 'second endpoint');
    const before = node.resources(TYPE_URL.endpoint).get(CLUSTER);
    set(registryService('orders', ['10.1.0.1:8080', '10.1.0.2:8080'], { weight: 2.5 }));
    set(registryService('orders', ['10.1.0.1:8080', '10.1.0.2:8080'], { metadata: { version: 'v7' } }));
    await node.until(() => node.resources(TYPE_URL.endpoint).get(CLUSTER) !== before, 'labels');
    set(orders('10.1.0.2:8080'));
    await node.until(() => addressesOf(node).join() === '10.1.0.2', 'removal');
    const entry = types().find(({ content }) => content)!;
    await waitFor(
      'the acknowledgement',
      () => entry.ackedVersion === bridge.state().servedVersion('default'),
    );
  }).timeout(30_000);

  it('what istiod holds is what was sent', async () => {
    const held = JSON.parse(await istiod.debug('/debug/configz')) as {
      readonly kind: string;
      readonly metadata: {
        readonly name: string;
        readonly resourceVersion: string;
        readonly creationTimestamp: string;
      };
      readonly spec: { readonly hosts: string[]; readonly addresses: string[] };
    }[];
    const entries = held.filter(({ kind }) => kind === 'ServiceEntry');
    assert.deepEqual(
      entries.map(({ spec }) => spec.hosts),
      [[HOST]],
    );
    assert.match(entries[0]!.spec.addresses[0]!, /^2[45]\d\./);
    assert.equal(entries[0]!.metadata.creationTimestamp, '2100-01-01T00:00:00Z');
    assert.match(entries[0]!.metadata.resourceVersion, /^[\w-]{16}$/);
  });

  it('the bridge is stopped and started again: nothing is lost, and what changed meanwhile arrives', async () => {
    const address = bridge.mcpAddress;
    for (let round = 1; round <= 3; round++) {
      await bridge.stop();
      registry.set('orders', orders('10.1.0.2:8080', `10.1.1.${round}:8080`));
      await start(address);
      await node.until(() => addressesOf(node).includes(`10.1.1.${round}`), `round ${round}`, 60_000);
    }
    const empty = node.responses.filter(
      ({ typeUrl, removedResources }) => typeUrl === TYPE_URL.cluster && removedResources.includes(CLUSTER),
    );
    assert.equal(empty.length, 0);
    assert.deepEqual(addressesOf(node), ['10.1.0.2', '10.1.1.3']);
  }).timeout(200_000);

  it('a service that goes is emptied first and removed after its grace', async () => {
    registry.delete('orders');
    source.sink!.remove('public/DEFAULT_GROUP/orders');
    await node.until(() => addressesOf(node).length === 0, 'empty');
    assert.ok(node.resources(TYPE_URL.cluster).has(CLUSTER));
  }).timeout(30_000);
});

describe('bridge: MCP over TLS towards a real istiod', () => {
  const cleanUps: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  it('istiod verifies the certificate; what it is sent it takes', async function () {
    this.timeout(600_000);
    const folder = await mkdtemp(join(tmpdir(), 'inmesh-mcp-tls-'));
    cleanUps.push(() => rm(folder, { recursive: true }));
    const name = 'inmesh-bridge.istio-system.svc';
    const { root, server } = makeCertificates(folder, name);
    const tls = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') };
    await writeFile(tls.certFile, server.cert_chain);
    await writeFile(tls.keyFile, server.private_key);
    const config = configOf(bridgeYaml());
    const nacos = new ScriptedSource('nacos', (sink) => {
      sink.state('up');
      sink.update(registryService('orders', ['10.1.0.1:8080']));
      sink.synced();
    });
    const { bridge } = await startScripted({ ...config, mcp: { ...config.mcp, tls } }, { nacos });
    cleanUps.push(() => bridge.stop());
    const configSources = [
      {
        address: `xds://${bridge.mcpAddress}`,
        tlsSettings: { mode: 'SIMPLE', sni: name, subjectAltNames: [name], caCertificates: root.toString() },
      },
    ];
    const istiod = peer(this, await startIstiod({ meshConfig: { configSources } }));
    cleanUps.push(() => istiod.stop());
    const acked = () =>
      [...(bridge.state().clients()[0]?.types.values() ?? [])].some(
        ({ content, ackedVersion }) => content && ackedVersion !== '',
      );
    await waitFor('the acknowledgement', acked);
    assert.match(await istiod.debug('/debug/configz'), /orders\.default-group\.public\.nacos/);
  });
});

async function waitFor(what: string, condition: () => boolean, ms = 15_000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`no ${what} within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
