/**
 * istiod is not there when a process starts: with a snapshot on disk calls are routed, without one they pass
 * through, and no call but the first ever waits for INMESH_FIRST_USE_TIMEOUT.
 */
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startIstiod } from '../../lab';
import { Backend } from '../support/backend';
import { Caller } from '../support/caller';
import { eventually } from '../support/load';
import { serviceEntry } from '../support/mesh-yaml';
import { peer } from '../support/peer';

const FIRST_USE_TIMEOUT_MS = 1000;
/** What the first call may take beyond the time-out. */
const TOLERANCE_MS = 50;

describe('istiod is absent from the start', function () {
  this.timeout(60_000);
  let meshBackend: Backend;
  let plainBackend: Backend;
  const callers: Caller[] = [];
  let silent: SilentServer | undefined;

  before(async () => {
    meshBackend = await Backend.start((_request, response) => response.end('mesh'));
    plainBackend = await Backend.start((_request, response) => response.end('plain'));
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      for (const caller of callers) console.log(caller.log().slice(-3000));
    for (const caller of callers.splice(0)) await caller.stop();
    silent?.stop();
    silent = undefined;
  });

  after(async () => {
    await meshBackend.stop();
    await plainBackend.stop();
  });

  async function startCaller(xds: string, env: Readonly<Record<string, string>> = {}): Promise<Caller> {
    const settings = {
      INMESH_XDS: xds,
      INMESH_FIRST_USE_TIMEOUT: `${FIRST_USE_TIMEOUT_MS}ms`,
      POD_NAME: 'absent',
    };
    const caller = await Caller.start({ env: { ...settings, ...env } });
    callers.push(caller);
    return caller;
  }

  /** A call to a host that is no mesh host, on the plain backend's port. */
  function plainUrl(host: string): string {
    return `http://${host}:${plainBackend.port}/`;
  }

  it('refused: calls pass through at once', async () => {
    const caller = await startCaller(`grpc://127.0.0.1:${await freePort()}`);
    const first = await caller.call(plainUrl('first.example'));
    assert.equal(first.body, 'plain');
    assert.ok(first.ms <= FIRST_USE_TIMEOUT_MS + TOLERANCE_MS, `${first.ms} ms`);
    for (const host of ['second.example', 'third.example']) {
      const next = await caller.call(plainUrl(host));
      assert.equal(next.body, 'plain');
      assert.ok(next.ms < 250, `${host}: ${next.ms} ms`);
    }
    console.log(`    refused: the first call took ${first.ms.toFixed(0)} ms`);
  });

  it('silent: the first call waits for the time-out, no other ever does', async function () {
    // Wall time on a machine that does other things too: it may be late once, not three times.
    this.retries(2);
    silent = await startSilentServer();
    const caller = await startCaller(`grpc://127.0.0.1:${silent.port}`);
    const first = await caller.call(plainUrl('first.example'));
    assert.equal(first.body, 'plain');
    assert.ok(first.ms <= FIRST_USE_TIMEOUT_MS + TOLERANCE_MS, `${first.ms} ms`);
    const later = [];
    for (let i = 0; i < 10; i++) later.push((await caller.call(plainUrl(`host-${i}.example`))).ms);
    assert.ok(Math.max(...later) < 250, `later calls: ${later.join(', ')} ms`);
    console.log(
      `    silent: first ${first.ms.toFixed(0)} ms, then at most ${Math.max(...later).toFixed(0)} ms`,
    );
  });

  it('with a snapshot: calls are routed, also the first', async function () {
    const folder = mkdtempSync(join(tmpdir(), 'inmesh-snapshot-'));
    const istiod = peer(this, await startIstiod({ files: { 'a.yaml': service() } }));
    const xds = `grpc://${istiod.xdsAddress}`;
    try {
      const before = await startCaller(xds, { INMESH_SNAPSHOT_DIR: folder });
      assert.equal((await before.call('http://go-sc-a/A')).body, 'mesh');
      await eventually('a snapshot', () => (readdirSync(folder).length > 0 ? true : undefined));
      await before.stop();
      await istiod.kill();

      const after = await startCaller(xds, { INMESH_SNAPSHOT_DIR: folder });
      const first = await after.call('http://go-sc-a/A');
      assert.equal(first.body, 'mesh');
      assert.ok(first.ms <= FIRST_USE_TIMEOUT_MS + TOLERANCE_MS, `${first.ms} ms`);
      console.log(`    snapshot: the first call took ${first.ms.toFixed(0)} ms`);

      await istiod.write('b.yaml', serviceNamed('go-sc-new'));
      await istiod.restart();
      await eventually('a service added while istiod was away', async () => {
        return (await after.call('http://go-sc-new/')).body === 'mesh' ? true : undefined;
      });
    } finally {
      await istiod.stop();
      rmSync(folder, { recursive: true });
    }
  });

  it('when istiod appears, hosts become managed', async function () {
    const istiod = peer(this, await startIstiod({ files: { 'a.yaml': service() } }));
    try {
      await istiod.kill();
      const caller = await startCaller(`grpc://${istiod.xdsAddress}`);
      assert.equal((await caller.call(`http://go-sc-a:${plainBackend.port}/`)).body, 'plain');
      await istiod.restart();
      const { ms } = await eventually('go-sc-a is of the mesh', async () => {
        return (await caller.call('http://go-sc-a/')).body === 'mesh' ? true : undefined;
      });
      console.log(`    managed ${ms.toFixed(0)} ms after istiod was ready`);
    } finally {
      await istiod.stop();
    }
  });

  function service(): string {
    return serviceNamed('go-sc-a');
  }

  function serviceNamed(name: string): string {
    return serviceEntry({ name, endpoints: [{ address: '127.0.0.1', port: meshBackend.port }] });
  }
});

interface SilentServer {
  readonly port: number;
  stop(): void;
}

/** Takes connections and never says a word. */
async function startSilentServer(): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => sockets.delete(socket)).resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
