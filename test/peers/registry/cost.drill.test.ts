/** What the hooks of registry clients cost: a list call beside the bare client's, and memory over many of them. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { npmSet, type Skipped } from '../../../lab';
import { AdsServer, mesh } from '../../support/ads-server';
import { ROOT } from '../../support/app';
import { drill, peer } from '../../support/peer';
import { RegistryClient } from '../../support/registry/client';
import {
  embeddedConsul,
  embeddedEureka,
  embeddedNacos,
  type Member,
  type TestRegistry,
} from '../../support/registry/embedded';
import { realZooKeeper } from '../../support/registry/real';

const CHANGES = drill({ short: 100, full: 10_000 });
/** Of processes, with the agent and without: of two that do the same, one may be some percent slower all its life. */
const PAIRS = drill({ short: 1, full: 5 });
const ROUNDS = drill({ short: 3, full: 15 });
const SHORT_ROUND = 1_000;
const SERVICE = 'orders';
const MIB = 2 ** 20;
/** A first list call waits for the mesh. */
const KNOWN = 9;

interface Cost {
  readonly client: string;
  readonly packages: Packages;
  readonly start: () => Promise<TestRegistry | Skipped>;
  /** `memory`: made once with the heap looked at before and after. `warm`: in short rounds; then `round` by `round`. */
  readonly calls: { readonly memory: number; readonly warm: number; readonly round: number };
}

/** A folder of fixtures/registry-clients, and what of it is compiled. */
interface Packages {
  readonly name: string;
  readonly files: string;
  readonly build: readonly string[];
}

/** Nanoseconds of one call. */
interface Times {
  readonly ns: number;
  /** Of the client's process. */
  readonly cpu: number;
}

/** Rounds of two processes. */
interface Pair {
  readonly ours: Times[];
  readonly bare: Times[];
}

/** From a list in memory, and with a request to the registry for each call. */
const fromMemory = {
  memory: drill({ short: 50_000, full: 1_000_000 }),
  warm: drill({ short: 5_000, full: 100_000 }),
  round: drill({ short: 20_000, full: 200_000 }),
};
const byRequest = {
  memory: drill({ short: 1_000, full: 1_000_000 }),
  warm: drill({ short: 200, full: 10_000 }),
  round: drill({ short: 200, full: 1_000 }),
};

const newest: Packages = { name: 'registry-clients-newest', files: 'newest', build: [] };
const native: Packages = { name: 'zookeeper-7.3.0', files: 'zookeeper-7.3.0', build: ['zookeeper'] };
const fork = '@rocketsoftware/eureka-js-client';

const CLIENTS: readonly Cost[] = [
  { client: 'nacos', packages: newest, start: embeddedNacos, calls: fromMemory },
  { client: 'eureka-js-client', packages: newest, start: embeddedEureka, calls: fromMemory },
  { client: 'consul', packages: newest, start: embeddedConsul, calls: byRequest },
  { client: 'node-zookeeper-client', packages: newest, start: realZooKeeper, calls: byRequest },
  { client: 'zookeeper', packages: native, start: realZooKeeper, calls: byRequest },
  ...drill({
    short: [],
    full: [{ client: fork, packages: newest, start: embeddedEureka, calls: fromMemory }],
  }),
];

const median = (of: readonly number[]) => [...of].sort((a, b) => a - b)[of.length >> 1]!;
const member = (port: number): Member => ({ name: `i${port}`, port, address: `127.0.0.1:${port}` });

describe('registry clients: what they cost', function () {
  this.timeout(3_600_000);

  for (const { client, packages, start, calls } of CLIENTS) {
    it(`${client}: ${calls.memory} list calls and ${CHANGES} changes leave the heap flat; a call costs what it did`, async function () {
      const { name, files, build } = packages;
      const fixtures = join(ROOT, 'fixtures', 'registry-clients', files);
      const folder = peer(this, await npmSet(name, fixtures, { build }));
      const registry = peer(this, await start());
      const ads = await new AdsServer().start();
      const host = `${SERVICE}.default.svc.cluster.local`;
      const setMesh = (last: number) =>
        ads.set(mesh([{ host, endpoints: [1, 2, 3, last].map((each) => [`10.0.1.${each}`, 80] as const) }]));
      await registry.set(SERVICE, [1, 2, 3, 4, 5].map(member));
      setMesh(4);
      const args = [client, folder, registry.address, '{"fetchMs":1000}'];
      const running = new Set<RegistryClient>();
      const begin = async (preload: boolean) => {
        const env = { INMESH_XDS: ads.address };
        const each = await RegistryClient.start('sample', { args, preload, env });
        running.add(each);
        await each.ask({ do: 'follow', service: SERVICE });
        await each.untilHeard('all', (heard: string[]) => heard.length === (preload ? KNOWN : KNOWN - 4));
        return each;
      };
      const end = async (each: RegistryClient) => {
        await each.stop();
        running.delete(each);
      };
      const run = (each: RegistryClient, count: number) =>
        each.ask<Times>({ do: 'run', service: SERVICE, count });
      const runAll = async (each: RegistryClient, count: number, round: number) => {
        for (let left = count; left > 0; left -= round) await run(each, Math.min(left, round));
      };
      /**
       * Short rounds end often: what a list call calls is compiled by itself, as in an application. In one long loop V8
       * makes one of two things of it, 0.35 or 0.55 µs with the agent or without, by what it happens to compile first.
       */
      const warm = (each: RegistryClient) => runAll(each, calls.warm, SHORT_ROUND);
      /** In turns: what others do on the machine slows both. */
      const compare = async (): Promise<Pair> => {
        const [ours, bare] = [await begin(true), await begin(false)];
        const times: Pair = { ours: [], bare: [] };
        await warm(ours);
        await warm(bare);
        for (let round = 0; round < ROUNDS; round++) {
          times.ours.push(await run(ours, calls.round));
          times.bare.push(await run(bare, calls.round));
        }
        for (const each of [ours, bare]) await end(each);
        return times;
      };
      try {
        const pairs: Pair[] = [];
        for (let pair = 0; pair < PAIRS; pair++) pairs.push(await compare());
        const best = (side: keyof Pair, what: keyof Times) =>
          Math.min(...pairs.flatMap((pair) => pair[side].map((each) => each[what]))).toFixed(0);
        const more = pairs.map(({ ours, bare }) => median(ours.map(({ cpu }, i) => cpu / bare[i]!.cpu)));
        const percents = more.map((ratio) => ((ratio - 1) * 100).toFixed(1)).join(' ');
        const clock = `${best('ours', 'ns')} and ${best('bare', 'ns')} on the clock`;
        console.log(
          `      list call ${best('ours', 'cpu')} ns of work, bare ${best('bare', 'cpu')} (${clock})`,
        );
        console.log(`      ${percents} % more`);
        const [ours, bare] = [await begin(true), await begin(false)];
        for (const each of [ours, bare]) await run(each, calls.round);
        const heap = (each: RegistryClient) => each.ask<number>({ do: 'heap' });
        const before = { ours: await heap(ours), bare: await heap(bare) };
        await runAll(ours, calls.memory, calls.round);
        for (let change = 0; change < CHANGES; change++) {
          setMesh(10 + (change % 100));
          await registry.set(SERVICE, [1, 2, 3, 4, 5 + (change % 100)].map(member));
          if (change % 20 === 0) await ours.ask({ do: 'list', service: SERVICE });
        }
        const heard = ours.heard.length;
        // The native client of ZooKeeper never lets go of a watcher, with the agent or without.
        const itself = Math.max(0, (await heap(bare)) - before.bare);
        const grown = (await heap(ours)) - before.ours;
        const mib = [grown, itself].map((bytes) => (bytes / MIB).toFixed(1));
        console.log(`      heap ${mib[0]} MiB more after ${heard} changes heard, bare ${mib[1]}`);
        assert.ok(grown - itself < 4 * MIB, `the heap has grown by ${grown} bytes, bare by ${itself}`);
        if (drill({ short: false, full: true })) assert.ok(median(more) <= 1.1, `${percents} % more`);
      } finally {
        for (const each of running) await end(each);
        ads.stop();
        await registry.stop();
      }
    });
  }
});
