/** MCP-over-xDS towards a client that speaks like istiod's adsc. */
import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { McpServer, type McpServerOptions, type PushTimes } from '../../../../src/bridge/mcp';
import { MCP_TYPES } from '../../../../src/dev/mcp/types';
import { Adsc, type AdscOptions, SERVICE_ENTRY_V1 } from '../../../support/bridge/adsc';
import { ScriptedContent, servedEntry } from '../../../support/bridge/scripted-content';
import { makeCertificates } from '../../../support/certificates';

const OTHER_TYPES = MCP_TYPES.filter((typeUrl) => typeUrl !== SERVICE_ENTRY_V1);

describe('bridge: the MCP server', () => {
  const cleanUps: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  async function start(options: Partial<McpServerOptions> = {}) {
    const content = new ScriptedContent();
    const events = { log: [] as string[], pushes: [] as PushTimes[] };
    const server = new McpServer({
      content,
      host: '127.0.0.1',
      port: 0,
      minPushIntervalMs: 20,
      stopMs: 500,
      events: {
        connected: () => events.log.push('connected'),
        disconnected: (_, reason) => events.log.push(`disconnected: ${reason}`),
        sent: () => undefined,
        written: (_, times) => events.pushes.push(times),
        acked: () => undefined,
        refused: (_, { refusal }) => events.log.push(`refused: ${refusal}`),
        rendered: () => undefined,
        replaced: (subject) => events.log.push(`replaced: ${subject}`),
        unusable: (reason) => events.log.push(`unusable: ${reason}`),
      },
      ...options,
    });
    await server.start();
    cleanUps.push(() => server.stop());
    const connect = (more: AdscOptions = {}) => {
      const client = new Adsc(server.address, more);
      cleanUps.push(() => client.close());
      return client;
    };
    return { content, server, events, connect };
  }

  it('answers every type but ServiceEntry at once and empty; ServiceEntry waits for the gate', async () => {
    const { content, connect, server } = await start();
    const client = connect();
    await client.until('answers', () => client.responses.length === OTHER_TYPES.length);
    assert.deepEqual(client.responses.map(({ typeUrl }) => typeUrl).sort(), [...OTHER_TYPES].sort());
    assert.ok(client.responses.every(({ resources, nonce }) => resources.length === 0 && nonce !== ''));
    assert.deepEqual(client.responsesOf(SERVICE_ENTRY_V1), []);
    assert.equal(server.ledger.clients[0]!.types.get(SERVICE_ENTRY_V1)!.waiting, true);
    content.set(servedEntry('orders', ['10.0.0.1:8080']));
    await client.until('orders', () => client.store.size === 1);
    const { version, createTime, spec } = client.store.get('inmesh-registry/orders')!;
    assert.match(version, /^[\w-]{16}$/);
    assert.equal(new Date(createTime * 1000).toISOString(), '2100-01-01T00:00:00.000Z');
    assert.deepEqual(JSON.parse(JSON.stringify(spec)), {
      hosts: ['orders.default-group.public.nacos'],
      addresses: ['240.9.0.1'],
      ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
      location: 1,
      resolution: 1,
      endpoints: [
        {
          address: '10.0.0.1',
          ports: { http: 8080 },
          labels: { 'security.istio.io/tlsMode': 'disabled' },
          weight: 1,
        },
      ],
      exportTo: ['*'],
      subjectAltNames: [],
    });
  });

  it('an open gate with nothing behind it is an answer', async () => {
    const { content, connect } = await start();
    const client = connect();
    await client.until('answers', () => client.responses.length === OTHER_TYPES.length);
    content.set();
    await client.until('answer', () => client.responsesOf(SERVICE_ENTRY_V1).length === 1);
  });

  it('answers by kind, whatever group and version ask for it', async () => {
    const { content, connect } = await start();
    content.set(servedEntry('orders', ['10.0.0.1:8080']));
    const types = ['networking.istio.io/v1alpha3/ServiceEntry', 'networking.istio.io/v1beta1/ServiceEntry'];
    const client = connect({ types: [...types, 'example.com/v9/Unheard'] });
    await client.until('answers', () => client.responses.length === 3);
    assert.deepEqual(
      client.responses.map(({ typeUrl, resources }) => [typeUrl, resources.length]),
      [
        [types[0], 1],
        [types[1], 1],
        ['example.com/v9/Unheard', 0],
      ],
    );
  });

  it('a later request with a nonce that is none of ours is no subscription', async () => {
    const { content, connect } = await start();
    content.set(servedEntry('orders', ['10.0.0.1:8080']));
    const client = connect();
    await client.until('everything', () => client.responses.length === MCP_TYPES.length);
    client.write({ typeUrl: SERVICE_ENTRY_V1, responseNonce: new Date().toString() });
    content.set(servedEntry('orders', ['10.0.0.2:8080']));
    await client.until('change', () => client.addresses('orders')[0] === '10.0.0.2:8080');
    assert.equal(client.responsesOf(SERVICE_ENTRY_V1).length, 2);
  });

  it('one response in flight: what changes until the ACK goes out as one, and the wait is told apart', async () => {
    const { content, connect, events } = await start();
    content.set(servedEntry('orders', []));
    const client = connect({ acks: false, types: [SERVICE_ENTRY_V1] });
    await client.until('first', () => client.responses.length === 1);
    for (let i = 1; i <= 50; i++) content.set(servedEntry('orders', [`10.0.0.${i}:80`]));
    const witness = connect({ types: [SERVICE_ENTRY_V1] });
    await witness.until('last', () => witness.addresses('orders')[0] === '10.0.0.50:80');
    assert.equal(client.responses.length, 1);
    client.ack(client.responses[0]!);
    await client.until('last', () => client.addresses('orders')[0] === '10.0.0.50:80');
    assert.equal(client.responses.length, 2);
    const waited = events.pushes.find(({ ackWaitMs }) => ackWaitMs > 0);
    assert.ok(waited && waited.ownMs >= 0, JSON.stringify(events.pushes));
  });

  it('a client that never acknowledges holds no other up', async () => {
    const { content, connect } = await start();
    content.set(servedEntry('orders', []));
    const stuck = connect({ acks: false });
    const quick = connect();
    await stuck.until('everything', () => stuck.responses.length === MCP_TYPES.length);
    for (let i = 1; i <= 5; i++) {
      content.set(servedEntry('orders', [`10.0.0.${i}:80`]));
      await quick.until('change', () => quick.addresses('orders')[0] === `10.0.0.${i}:80`);
    }
    assert.equal(stuck.responsesOf(SERVICE_ENTRY_V1).length, 1);
  });

  it('a refusal is kept and the same content is not sent again', async () => {
    const { content, connect, server, events } = await start();
    content.set(servedEntry('orders', []));
    const client = connect({ acks: false, types: [SERVICE_ENTRY_V1] });
    await client.until('first', () => client.responses.length === 1);
    client.ack(client.responses[0]!, 'does not please');
    content.set(servedEntry('orders', ['10.0.0.1:80']));
    await client.until('second', () => client.responses.length === 2);
    assert.deepEqual(events.log, ['connected', 'refused: does not please']);
    const record = server.ledger.clients[0]!.types.get(SERVICE_ENTRY_V1)!;
    assert.equal(record.refusal, 'does not please');
    assert.equal(record.refusedVersion, client.responses[0]!.versionInfo);
  });

  it('two servers with equal content give equal bytes, and a client that moves over updates nothing', async () => {
    const one = await start();
    const two = await start();
    const entries = ['orders', 'stock', 'users'].map((name) => servedEntry(name, ['10.0.0.1:80']));
    one.content.set(servedEntry('orders', []));
    one.content.set(...entries);
    two.content.set(...entries.map((entry) => ({ ...entry })).reverse());
    const [first, second] = [one.connect(), two.connect()];
    await first.until('all', () => first.store.size === 3);
    await second.until('all', () => second.store.size === 3);
    const [a, b] = [first, second].map((client) => client.responsesOf(SERVICE_ENTRY_V1).at(-1)!);
    assert.equal(a!.versionInfo, b!.versionInfo);
    assert.deepEqual(
      a!.resources.map(({ value }) => Buffer.from(value).toString('hex')),
      b!.resources.map(({ value }) => Buffer.from(value).toString('hex')),
    );
  });

  it('content that changes and changes back, or is only a new object, is no push', async () => {
    const { content, connect } = await start();
    content.set(servedEntry('orders', ['10.0.0.1:80']));
    const client = connect({ types: [SERVICE_ENTRY_V1] });
    await client.until('first', () => client.responses.length === 1);
    content.set(servedEntry('orders', ['10.0.0.1:80']));
    content.set(servedEntry('orders', ['10.0.0.1:80']), servedEntry('stock', []));
    await client.until('stock', () => client.store.size === 2);
    assert.equal(client.responses.length, 2);
  });

  it('istio.io/rev: a control plane sees what names its revision or none', async () => {
    const { content, connect } = await start();
    const canary = { labels: { 'istio.io/rev': 'canary' } };
    content.set(servedEntry('orders', []), servedEntry('stock', [], canary));
    const clients = [connect({ revision: 'canary' }), connect({ revision: 'stable' }), connect()];
    for (const client of clients)
      await client.until('answer', () => client.store.has('inmesh-registry/orders'));
    assert.deepEqual(
      clients.map(({ store }) => store.size),
      [2, 1, 1],
    );
    content.set(servedEntry('orders', []), servedEntry('stock', ['10.0.0.1:80'], canary));
    await clients[0]!.until('change', () => clients[0]!.addresses('stock').length === 1);
    assert.equal(clients[1]!.responsesOf(SERVICE_ENTRY_V1).length, 1);
  });

  it('stop ends streams with UNAVAILABLE and frees the port', async () => {
    const { content, connect, server, events } = await start();
    content.set();
    const client = connect();
    await client.until('everything', () => client.responses.length === MCP_TYPES.length);
    await server.stop();
    await client.until('end', () => client.ended !== undefined);
    assert.equal(client.ended, 'the bridge is stopping');
    assert.deepEqual(events.log, ['connected', 'disconnected: the bridge is stopping']);
    assert.deepEqual(server.ledger.clients, []);
  });

  it('says in one sentence that its port is taken', async () => {
    const { server } = await start();
    const port = Number(server.address.split(':')[1]);
    await assert.rejects(start({ port }), /^Error: cannot listen on 127\.0\.0\.1:\d+: /);
  });

  it('TLS: the certificate may be replaced while streams are open; half a replacement changes nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'inmesh-mcp-'));
    cleanUps.push(() => rm(folder, { recursive: true }));
    const tls = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') };
    const [old, fresh] = [makeCertificates(folder, 'localhost'), makeCertificates(folder, 'localhost')];
    await writeFile(tls.certFile, old.server.cert_chain);
    await writeFile(tls.keyFile, old.server.private_key);
    const { content, connect, server, events } = await start({ tls });
    content.set(servedEntry('orders', []));
    const dial = (root: Buffer) => {
      const client = new Adsc(`localhost:${server.address.split(':')[1]}`, {
        credentials: credentials.createSsl(root),
      });
      cleanUps.push(() => client.close());
      return client;
    };
    const before = dial(old.root);
    await before.until('everything', () => before.responses.length === MCP_TYPES.length);
    const plain = connect();
    await plain.until('refusal', () => plain.ended !== undefined);
    const replace = async (file: string, bytes: Buffer) => {
      await writeFile(`${file}.new`, bytes);
      await rename(`${file}.new`, file);
    };
    await replace(tls.certFile, fresh.server.cert_chain);
    await before.until(
      'word of it',
      () => events.log.some((line) => line.startsWith('unusable')) || wake(before),
    );
    await replace(tls.keyFile, fresh.server.private_key);
    await before.until(
      'word of it',
      () => events.log.some((line) => line.startsWith('replaced')) || wake(before),
    );
    const after = dial(fresh.root);
    await after.until('everything', () => after.responses.length === MCP_TYPES.length);
    content.set(servedEntry('orders', ['10.0.0.1:80']));
    await before.until('change', () => before.addresses('orders').length === 1);
    assert.match(
      events.log.find((line) => line.startsWith('unusable'))!,
      /tls\.crt .*tls\.key cannot be used together/,
    );
  }).timeout(30_000);
});

/** Looks again soon: what is waited for is no news of the client's. */
function wake(client: Adsc): false {
  setTimeout(() => client.wake(), 100).unref();
  return false;
}
