/**
 * Memory and pace with many services and with very many interfaces of Dubbo, beside a real Nacos, under a hundred
 * changes a second; at the end a real istiod has what the registries list.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type Istiod, startIstiod, startNacos } from '../../../../lab';
import { Adsc, SERVICE_ENTRY_V1 } from '../../../support/bridge/adsc';
import { storedAddresses } from '../../../support/bridge/istiod-store';
import type { ScaleSettings, Standing } from '../../../support/bridge/scale-bridge';
import { listed, type ScaleLoad } from '../../../support/bridge/scale-load';
import { ChangingNacos } from '../../../support/bridge/scale-nacos';
import { bundled } from '../../../support/bundle';
import { drill, peer } from '../../../support/peer';

const ANY = Number.POSITIVE_INFINITY;
const { seconds, nacosServices, loads } = drill({
  short: {
    seconds: 3,
    // A start of Nacos is more than the short form has time for.
    nacosServices: 0,
    loads: [
      { load: { kind: 'services', services: 1_000, instances: 5 }, further: 4, memory: ANY, p99: ANY },
      { load: { kind: 'dubbo', services: 200, instances: 20 }, further: 0, memory: ANY, p99: ANY },
    ],
  },
  full: {
    seconds: 600,
    nacosServices: 1_000,
    loads: [
      { load: { kind: 'services', services: 10_000, instances: 5 }, further: 4, memory: 300, p99: 0.25 },
      { load: { kind: 'dubbo', services: 30_000, instances: 20 }, further: 0, memory: ANY, p99: 0.25 },
    ],
  },
} satisfies Record<'short' | 'full', Form>);

interface Form {
  readonly seconds: number;
  readonly nacosServices: number;
  readonly loads: readonly {
    readonly load: ScaleLoad;
    /** Control planes beside the first. */
    readonly further: number;
    /** MiB. */
    readonly memory: number;
    /** Seconds. */
    readonly p99: number;
  }[];
}

const CHANGES_PER_SECOND = 100;
/** Of Nacos, over those of the generated registry. */
const NACOS_CHANGES_PER_SECOND = 10;
const MIB_PER_CLIENT = 20;
/** What a process takes more or less from one moment to the next, MiB and part of the whole. */
const NOISE = { mib: 20, part: 0.05 };
const TICK_MS = 10;
const PATIENCE_MS = 300_000;

for (const { load, further, memory, p99 } of loads) {
  const title = `${load.services} ${load.kind} × ${load.instances}`;

  describe(`bridge: ${title} beside ${nacosServices} of Nacos, ${CHANGES_PER_SECOND} changes/s for ${seconds} s`, function () {
    this.timeout(2_400_000);
    let bridge: ChildProcess;
    let address: string;
    let istiod: Istiod;
    let nacos: ChangingNacos | undefined;
    let changes = 0;
    const clients: Adsc[] = [];
    const cleanUps: (() => unknown)[] = [];

    before(async function () {
      const settings: ScaleSettings = { load };
      if (nacosServices > 0) {
        const server = peer(this, await startNacos());
        cleanUps.push(() => server.stop());
        nacos = await ChangingNacos.open(server, nacosServices);
        cleanUps.push(() => nacos?.close());
        Object.assign(settings, { nacos: server.address });
      }
      // Compiled, so that the compiler's memory is not the bridge's.
      const program = await bundled('scale-bridge', 'test/support/bridge/scale-bridge.ts');
      bridge = fork(program, [JSON.stringify(settings)], { execArgv: [] });
      cleanUps.push(async () => {
        if (bridge.exitCode !== null || bridge.signalCode !== null) return;
        bridge.kill();
        await once(bridge, 'exit');
      });
      const [ready] = (await once(bridge, 'message')) as [{ readonly address: string }];
      address = ready.address;
      cleanUps.push(() => {
        for (const client of clients) client.close();
      });
      // istiod waits for its first ServiceEntries, but not for as long as a registry of this size takes to be read.
      while ((await standing()).version === '') await new Promise((resolve) => setTimeout(resolve, 500));
      istiod = peer(this, await startIstiod({ configSources: [`xds://${address}`] }));
      cleanUps.push(() => istiod.stop());
      await istiodHasAll();
    });

    after(async () => {
      for (const cleanUp of cleanUps.reverse()) await cleanUp();
    });

    /** A control plane that only takes what it is sent. */
    async function connect(pod: string): Promise<void> {
      const client = new Adsc(address, { blind: true, pod });
      clients.push(client);
      await client.until('everything', () => client.responsesOf(SERVICE_ENTRY_V1).length > 0, PATIENCE_MS);
    }

    async function standing(): Promise<Standing> {
      bridge.send({ ask: true });
      const [found] = (await once(bridge, 'message')) as [Standing];
      return found;
    }

    /** At the pace given, whatever a change takes. */
    async function churn(forSeconds: number): Promise<void> {
      const start = performance.now();
      let [done, inNacos] = [0, 0];
      for (;;) {
        const elapsed = Math.min((performance.now() - start) / 1_000, forSeconds);
        const due = Math.floor(elapsed * CHANGES_PER_SECOND) - done;
        if (due > 0) bridge.send({ change: due });
        done += due;
        changes += due;
        for (; nacos && inNacos < Math.floor(elapsed * NACOS_CHANGES_PER_SECOND); inNacos++)
          await nacos.change();
        for (const { responses } of clients) responses.splice(0, responses.length - 20);
        if (elapsed >= forSeconds) return;
        await new Promise((resolve) => setTimeout(resolve, TICK_MS));
      }
    }

    /** Its store, host by host and address by address, against what the registries list after all changes. */
    async function istiodHasAll(): Promise<void> {
      const expected = new Map([...listed(load, changes), ...(nacos?.listed() ?? [])]);
      const end = Date.now() + PATIENCE_MS;
      for (;;) {
        const began = Date.now();
        const difference = differenceOf(expected, await storedAddresses(istiod));
        if (difference === undefined) return;
        assert.ok(Date.now() < end, difference);
        // Looking is work for istiod, too.
        await new Promise((resolve) => setTimeout(resolve, Math.max(1_000, 2 * (Date.now() - began))));
      }
    }

    /** Asks anew each time: what was collected while it was asked may still be on its way. */
    async function allHaveTheLast(): Promise<void> {
      const end = Date.now() + PATIENCE_MS;
      const last = (client: Adsc) => client.responsesOf(SERVICE_ENTRY_V1).at(-1)?.versionInfo;
      for (;;) {
        const { version } = await standing();
        if (clients.every((client) => last(client) === version)) return;
        assert.ok(Date.now() < end, 'some control plane never got the last version');
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }

    it('one control plane, then more: memory, pace, and istiod has what the registries list', async () => {
      await standing();
      await churn(Math.min(seconds / 4, 30));
      const one = await standing();
      for (let i = 1; i <= further; i++) await connect(`istiod-${i}`);
      const before = await standing();
      await churn(seconds / 2);
      const half = await standing();
      await churn(seconds / 2);
      const end = await standing();
      await istiodHasAll();
      await allHaveTheLast();
      const share = ((end.cpu - before.cpu) / seconds) * 100;
      const mib = ({ peak, rss, heap }: Standing) =>
        `${Math.round(peak)} (${Math.round(rss)} after a collection, ${Math.round(heap)} in use)`;
      const ms = (bound: number) => `${bound * 1_000} ms`;
      console.log(
        `      MiB at most: ${mib(one)} with one, ${mib(half)} with ${1 + further} in the first half, ${mib(end)} in the second\n` +
          `      p99 of ${end.pushes} pushes: ours <= ${ms(end.p99.push)}, the connection <= ${ms(end.p99.write)}, ` +
          `the ACK before <= ${ms(end.p99.ackWait)}; ${share.toFixed(0)} % of a core`,
      );
      assert.ok(one.peak <= memory, `${one.peak} MiB`);
      const grown = (what: 'peak' | 'heap', from: Standing, to: Standing) => {
        const most = from[what] * (1 + NOISE.part) + NOISE.mib;
        assert.ok(to[what] <= most, `${what}: ${from[what]} → ${to[what]} MiB`);
      };
      // What is in use says of the first changes already whether something is kept for each of them; the process takes
      // more until its collector has found its pace.
      grown('heap', one, half);
      grown('heap', one, end);
      grown('peak', half, end);
      const withFurther = one.peak + further * MIB_PER_CLIENT + NOISE.mib;
      if (further > 0) assert.ok(half.peak <= withFurther, `${one.peak} → ${half.peak} MiB`);
      assert.ok(end.p99.push <= p99, `p99 ${end.p99.push} s`);
    });
  });
}

/** Undefined: none. */
function differenceOf(
  expected: ReadonlyMap<string, readonly string[]>,
  stored: ReadonlyMap<string, readonly string[]>,
): string | undefined {
  for (const [host, wanted] of expected) {
    const found = stored.get(host);
    if (found?.join() !== wanted.join()) return `${host}: istiod has ${found}, the registry ${wanted}`;
  }
  const more = [...stored.keys()].find((host) => !expected.has(host));
  return more === undefined ? undefined : `istiod has ${more}, which no registry lists`;
}
