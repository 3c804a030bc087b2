/** `inmesh dev --mcp`: ServiceEntries of an MCP server beside the folder's, spoken for as istiod does. */

import { strict as assert } from 'node:assert';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerCredentials } from '@grpc/grpc-js';
import { type DevControlPlane, type DevOptions, startDevControlPlane } from '../../../src/dev';
import { decodeMessage, pb, TYPE_URL } from '../../../src/xds';
import { selfSigned } from '../../support/certificate';
import { sidecarNode, XdsClient } from '../../support/xds-client';
import { entryOf, ScriptedMcp, SERVICE_ENTRY } from './server';

const ORDERS = 'orders.default-group.public.nacos';
const CLUSTER = `outbound|80||${ORDERS}`;

describe('inmesh dev as the client of an MCP server', () => {
  const ends: (() => unknown)[] = [];
  const lines: string[] = [];
  const log = {
    line: (_level: string, event: string, message: string) => lines.push(`${event}: ${message}`),
  };

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    lines.length = 0;
  });

  async function bridge(): Promise<ScriptedMcp> {
    const server = await new ScriptedMcp().listen();
    ends.push(() => server.stop());
    return server;
  }

  async function dev(options: DevOptions): Promise<{ plane: DevControlPlane; client: XdsClient }> {
    const plane = await startDevControlPlane({ log, ...options });
    const client = new XdsClient(plane.address, sidecarNode());
    ends.push(() => plane.stop());
    ends.push(() => client.close());
    client.subscribe(TYPE_URL.cluster);
    client.subscribe(TYPE_URL.endpoint, [CLUSTER]);
    await client.until(
      () => client.responses.some(({ typeUrl }) => typeUrl === TYPE_URL.endpoint),
      'an answer',
    );
    return { plane, client };
  }

  /** Ports of the endpoints, as a client of the control plane has them; undefined = there is no such cluster. */
  function endpoints(client: XdsClient): number[] | undefined {
    if (!client.resources(TYPE_URL.cluster).has(CLUSTER)) return undefined;
    const bytes = client.resources(TYPE_URL.endpoint).get(CLUSTER);
    const { endpoints = [] } = bytes
      ? decodeMessage(pb.envoy.config.endpoint.v3.ClusterLoadAssignment, bytes)
      : {};
    return endpoints
      .flatMap(({ lbEndpoints }) => lbEndpoints ?? [])
      .map((each) => each.endpoint?.address?.socketAddress?.portValue ?? 0)
      .sort((a, b) => a - b);
  }

  async function until(client: XdsClient, ports: number[] | undefined, what: string): Promise<void> {
    await client.until(() => JSON.stringify(endpoints(client)) === JSON.stringify(ports), what, 15_000);
  }

  it('asks as istiod does: every type, a nonce on first requests, the node once, ACKs', async () => {
    const server = await bridge();
    await dev({ objects: [], mcp: [server.url] });
    const types = server.requests.slice(0, 16).map(({ typeUrl }) => typeUrl);
    assert.equal(new Set(types).size, 16);
    assert.equal(types[0], 'core/v1alpha1/MeshConfig');
    assert.ok(server.requests.slice(0, 16).every(({ responseNonce }) => responseNonce !== ''));
    assert.match(server.requests[0]!.node!.id, /^sidecar~[\d.]+~inmesh-dev-\d+\.istio-system~/);
    assert.equal(server.requests[0]!.node!.metadata['GENERATOR'], 'api');
    assert.equal(server.requests[1]!.node, undefined);
    const acked = () =>
      server.requests.some(
        ({ typeUrl, versionInfo, responseNonce }) =>
          typeUrl === SERVICE_ENTRY && versionInfo !== '' && /^n\d+$/.test(responseNonce ?? ''),
      );
    while (!acked()) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('serves what the server has, its changes, and no longer what it has no more', async () => {
    const server = await bridge();
    server.resources = [{ name: 'r/orders', version: '1', entry: entryOf(ORDERS, 8001) }];
    const { client } = await dev({ objects: [], mcp: [server.url] });
    await until(client, [8001], 'the first state');
    server.resources = [{ name: 'r/orders', version: '2', entry: entryOf(ORDERS, 8001, 8002) }];
    server.push();
    await until(client, [8001, 8002], 'the second endpoint');
    // istiod updates only what has another version.
    server.resources = [{ name: 'r/orders', version: '2', entry: entryOf(ORDERS) }];
    server.push();
    server.resources = [
      { name: 'r/orders', version: '2', entry: entryOf(ORDERS, 1) },
      { name: 'r/more', version: '1', entry: entryOf('more.nacos', 1) },
    ];
    server.push();
    await client.until(
      () => client.resources(TYPE_URL.cluster).has('outbound|80||more.nacos'),
      'the other service',
    );
    assert.deepEqual(endpoints(client), [8001, 8002]);
    server.resources = [];
    server.push();
    await until(client, undefined, 'the removal');
  });

  it('keeps the state while the server is away, and takes all anew when it is back', async () => {
    const server = await bridge();
    server.resources = [{ name: 'r/orders', version: '1', entry: entryOf(ORDERS, 8001) }];
    const { client } = await dev({ objects: [], mcp: [server.url] });
    await until(client, [8001], 'the first state');
    server.stop();
    while (!lines.some((line) => line.startsWith('dev.mcp.down')))
      await new Promise((r) => setTimeout(r, 10));
    assert.deepEqual(endpoints(client), [8001]);
    server.resources = [{ name: 'r/orders', version: '7', entry: entryOf(ORDERS, 8003) }];
    await server.listen(server.port);
    await until(client, [8003], 'the state after its return');
    assert.equal(lines.filter((line) => line.startsWith('dev.mcp.down')).length, 1, lines.join('\n'));
  });

  it('leaves out what is broken, keeps its last good state, and says so', async () => {
    const server = await bridge();
    server.resources = [{ name: 'r/orders', version: '1', entry: entryOf(ORDERS, 8001) }];
    const { client } = await dev({ objects: [], mcp: [server.url] });
    await until(client, [8001], 'the first state');
    const broken = { ...entryOf(ORDERS, 8001), endpoints: [{ address: 'not-an-ip', ports: { http: 1 } }] };
    server.resources = [
      { name: 'r/orders', version: '2', entry: broken },
      { name: 'garbage', version: '1', bytes: Buffer.from('ffffff', 'hex') },
      { name: 'no-slash', version: '1', entry: entryOf('x.nacos', 1) },
      { name: 'r/fine', version: '1', entry: entryOf('fine.nacos', 1) },
    ];
    server.push();
    await client.until(
      () => client.resources(TYPE_URL.cluster).has('outbound|80||fine.nacos'),
      'the good one',
    );
    assert.deepEqual(endpoints(client), [8001]);
    const said = lines.filter((line) => line.startsWith('dev.mcp.resource'));
    assert.match(said[0]!, /r\/orders.*`not-an-ip` is no IP address/);
    assert.match(said[1]!, /cannot be read/);
    assert.match(said[2]!, /"no-slash" is not namespace\/name/);
  });

  it("lets the folder's ServiceEntry have the host, whatever the names", async () => {
    const server = await bridge();
    server.resources = [{ name: 'a/aaa', version: '1', entry: entryOf(ORDERS, 9999) }];
    const objects = [
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'ServiceEntry',
        metadata: { name: 'zzz', namespace: 'zzz' },
        spec: {
          hosts: [ORDERS],
          ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
          resolution: 'STATIC',
          location: 'MESH_INTERNAL',
          endpoints: [{ address: '127.0.0.1', ports: { http: 8001 } }],
        },
      },
    ];
    const { client, plane } = await dev({ objects, mcp: [server.url] });
    await until(client, [8001], "the folder's endpoints");
    plane.update([]);
    await until(client, [9999], "the server's endpoints");
  });

  it('follows the server while the folder is broken', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'inmesh-dev-mcp-'));
    ends.push(() => rm(folder, { recursive: true }));
    const rule = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: orders, namespace: r }
spec: { host: ${ORDERS} }
`;
    await writeFile(join(folder, 'a.yaml'), rule);
    const server = await bridge();
    server.resources = [{ name: 'r/orders', version: '1', entry: entryOf(ORDERS, 8001) }];
    const { client, plane } = await dev({ folder, mcp: [server.url] });
    await until(client, [8001], 'the first state');
    const reloaded = plane.reloaded();
    await writeFile(join(folder, 'a.yaml'), rule.replace('host:', 'hosts:'));
    assert.equal((await reloaded).applied, false);
    server.resources = [{ name: 'r/orders', version: '2', entry: entryOf(ORDERS, 8002) }];
    server.push();
    await until(client, [8002], 'the change');
  });

  it('starts without a server that does not answer, and serves it when it does', async () => {
    const server = await bridge();
    server.mute.add(SERVICE_ENTRY);
    const { client } = await dev({ objects: [], mcp: [server.url], mcpPatienceMs: 100 });
    assert.ok(lines.some((line) => line.startsWith('dev.mcp.late')));
    assert.equal(endpoints(client), undefined);
    server.resources = [{ name: 'r/orders', version: '1', entry: entryOf(ORDERS, 8001) }];
    server.push();
    await until(client, [8001], 'the late state');
  });

  it('joins several servers', async () => {
    const [first, second] = [await bridge(), await bridge()];
    first.resources = [{ name: 'r/orders', version: '1', entry: entryOf(ORDERS, 8001) }];
    second.resources = [{ name: 'r/more', version: '1', entry: entryOf('more.nacos', 1) }];
    const { client } = await dev({ objects: [], mcp: [first.url, second.url] });
    await client.until(() => client.resources(TYPE_URL.cluster).has('outbound|80||more.nacos'), 'the second');
    await until(client, [8001], 'the first');
  });

  it('verifies the certificate of a server with TLS', async () => {
    const { key, cert } = selfSigned(['localhost'], ['127.0.0.1']);
    const folder = await mkdtemp(join(tmpdir(), 'inmesh-dev-mcp-'));
    ends.push(() => rm(folder, { recursive: true }));
    const mcpCa = join(folder, 'ca.pem');
    await writeFile(mcpCa, cert);
    const server = new ScriptedMcp();
    const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) };
    await server.listen(0, ServerCredentials.createSsl(null, [pair]));
    ends.push(() => server.stop());
    server.resources = [{ name: 'r/orders', version: '1', entry: entryOf(ORDERS, 8001) }];
    const { client } = await dev({ objects: [], mcp: [server.url], mcpCa });
    await until(client, [8001], 'the state');
  });

  it('refuses what is no URL of a server, and a CA file that is not there', async () => {
    const start = (options: DevOptions) => startDevControlPlane({ objects: [], ...options });
    await assert.rejects(
      start({ mcp: ['127.0.0.1:1'] }),
      /"127\.0\.0\.1:1" is no MCP server; write xds:\/\/host:port/,
    );
    await assert.rejects(
      start({ mcp: ['xds://a:1'], mcpCa: '/none.pem' }),
      /cannot read the CA file \/none\.pem: ENOENT/,
    );
  });
});
