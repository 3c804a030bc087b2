/** Memory and pace with ten thousand services, one and five control planes, and a hundred changes a second. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { Adsc, SERVICE_ENTRY_V1 } from '../../../support/bridge/adsc';
import type { Standing } from '../../../support/bridge/scale-bridge';
import { drill } from '../../../support/peer';

const FORM = drill({
  short: { services: 1_000, seconds: 3, memory: Number.POSITIVE_INFINITY, p99: Number.POSITIVE_INFINITY },
  full: { services: 10_000, seconds: 600, memory: 300, p99: 0.25 },
});
const CHANGES_PER_SECOND = 100;
const FURTHER_CLIENTS = 4;
const MIB_PER_CLIENT = 20;

describe(`bridge: ${FORM.services} services × 5 instances, ${CHANGES_PER_SECOND} changes/s for ${FORM.seconds} s`, function () {
  this.timeout(900_000);
  let folder: string;
  let bridge: ChildProcess;
  let address: string;
  const clients: Adsc[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inmesh-scale-'));
    const outfile = join(folder, 'bridge.js');
    // Compiled, so that the compiler's memory is not the bridge's.
    buildSync({
      entryPoints: [join(__dirname, '..', '..', '..', 'support', 'bridge', 'scale-bridge.ts')],
      bundle: true,
      platform: 'node',
      outfile,
      logLevel: 'error',
    });
    bridge = fork(outfile, [String(FORM.services)], { execArgv: [] });
    const [ready] = (await once(bridge, 'message')) as [{ readonly address: string }];
    address = ready.address;
  });
  after(async () => {
    for (const client of clients) client.close();
    if (bridge?.exitCode === null) {
      bridge.kill();
      await once(bridge, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  });

  async function connect(): Promise<Adsc> {
    const client = new Adsc(address, { blind: true, pod: `istiod-${clients.length}` });
    clients.push(client);
    await client.until('everything', () => client.responsesOf(SERVICE_ENTRY_V1).length > 0, 120_000);
    return client;
  }

  async function standing(): Promise<Standing> {
    bridge.send({ ask: true });
    const [found] = (await once(bridge, 'message')) as [Standing];
    return found;
  }

  async function churn(seconds: number): Promise<void> {
    const start = Date.now();
    for (let done = 0; done < seconds * CHANGES_PER_SECOND; ) {
      const due = Math.min(((Date.now() - start) / 1_000) * CHANGES_PER_SECOND, seconds * CHANGES_PER_SECOND);
      const change = Math.floor(due - done);
      if (change > 0) bridge.send({ change });
      done += change;
      for (const client of clients) client.responses.splice(0, client.responses.length - 20);
      await new Promise((resolve) => setTimeout(resolve, 10));
      if (Date.now() - start > seconds * 1_000) break;
    }
  }

  /** Asks anew each time: what was collected while it was asked may still be on its way. */
  async function everybodyHasEverything(): Promise<void> {
    const end = Date.now() + 120_000;
    const last = (client: Adsc) => client.responsesOf(SERVICE_ENTRY_V1).at(-1)?.versionInfo;
    for (;;) {
      const { version } = await standing();
      if (clients.every((client) => last(client) === version)) return;
      assert.ok(Date.now() < end, 'some control plane never got the last version');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  it('one control plane, then five: memory, pace, and everybody has everything at the end', async () => {
    await connect();
    await churn(Math.min(FORM.seconds / 4, 30));
    const one = await standing();
    for (let i = 0; i < FURTHER_CLIENTS; i++) await connect();
    const before = await standing();
    await churn(FORM.seconds);
    const five = await standing();
    await everybodyHasEverything();
    const share = ((five.cpu - before.cpu) / FORM.seconds) * 100;
    console.log(
      `      rss ${Math.round(one.peak)} MiB with one, ${Math.round(five.peak)} MiB with five (peaks); ` +
        `${five.pushes} pushes, p99 of our own time <= ${five.p99 * 1_000} ms; ${share.toFixed(0)} % of a core`,
    );
    assert.ok(one.peak <= FORM.memory, `${one.peak} MiB`);
    assert.ok(
      five.peak <= one.peak + FURTHER_CLIENTS * MIB_PER_CLIENT + 20,
      `${one.peak} → ${five.peak} MiB`,
    );
    assert.ok(five.p99 <= FORM.p99, `p99 ${five.p99} s`);
  });
});
