import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Balancer, type Clock, HashTables } from '../../../../src/balancing';
import { buildMaglev } from '../../../../src/balancing/hash/maglev';
import { buildRing } from '../../../../src/balancing/hash/ring';
import type { HashTable, TableBuild, WeightedHost } from '../../../../src/balancing/hash/table';
import { ClusterState, EndpointState, xxHash64 } from '../../../../src/cluster';
import type { Cluster } from '../../../../src/model';
import { seededRandom } from '../../../support/seeded-random';
import { cluster, endpoint } from '../../../support/static-feed';

/** What Envoy 1.40.0 chose for these keys, by running it, on 127.0.0.1 at these ports. */
const PORTS = [18101, 18102, 18103, 18104, 18109];
const KEYS = [
  ...['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi'],
  ...Array.from({ length: 32 }, (_, i) => `user-${i}`),
  'a much longer key than thirty-two bytes, so that the long path of xxHash64 is taken too',
  'käse',
];
const MAX_RING = 8 * 1024 * 1024;

function hostsOf(weights: readonly number[]): WeightedHost[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight, i) => {
    const one = endpoint('127.0.0.1', PORTS[i] ?? 20_000 + i);
    return { host: new EndpointState(`${one.address}:${one.port}`, one), share: weight / total };
  });
}
function finished(build: TableBuild): HashTable {
  for (;;) {
    const step = build.next();
    if (step.done) return step.value;
  }
}
function keyOf(text: string) {
  return xxHash64(Buffer.from(text));
}
function choices(table: HashTable, hosts: readonly WeightedHost[], attempt = 0): string {
  return KEYS.map((key) => hosts.findIndex(({ host }) => host === table.choose(keyOf(key), attempt))).join(
    '',
  );
}
const EQUAL = [1, 1, 1, 1, 1];
const RISING = [1, 2, 3, 4, 5];

describe('RING_HASH', () => {
  it('the same host as Envoy for the same key', () => {
    const hosts = hostsOf(EQUAL);
    assert.equal(
      choices(finished(buildRing(hosts, 1024, MAX_RING)), hosts),
      '001012040102441314310243444224104330030442',
    );
  });
  it('with weights and a maximum size too', () => {
    const hosts = hostsOf(RISING);
    assert.equal(
      choices(finished(buildRing(hosts, 64, 100)), hosts),
      '324213023431434333344244321222434133323244',
    );
  });
  it('the points of hosts follow their weights; none is out of order', () => {
    const someWeights = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(someWeights, fc.integer({ min: 1, max: 3000 }), (weights, minimum) => {
        const hosts = hostsOf(weights);
        const table = finished(buildRing(hosts, minimum, 4096));
        const seen = new Map<unknown, number>();
        const { size, sorted } = ringFacts(table);
        assert.ok(sorted && size >= 1 && size <= 4096 + 1);
        for (let i = 0; i < size; i++) {
          const host = table.choose({ hi: 0, lo: 0 }, i);
          seen.set(host, (seen.get(host) ?? 0) + 1);
        }
        for (const { host, share } of hosts) {
          assert.ok(Math.abs((seen.get(host) ?? 0) - share * size) <= 1.5);
        }
      }),
      { seed: 3, numRuns: 100 },
    );
  });
});

function ringFacts(table: HashTable): { size: number; sorted: boolean } {
  const { high, low } = (table as unknown as { points: { high: Uint32Array; low: Uint32Array } }).points;
  const inOrder = (i: number) =>
    high[i - 1]! < high[i]! || (high[i - 1] === high[i] && low[i - 1]! <= low[i]!);
  return { size: high.length, sorted: high.every((_, i) => i === 0 || inOrder(i)) };
}

describe('MAGLEV', () => {
  it('the same host as Envoy for the same key', () => {
    const hosts = hostsOf(EQUAL);
    assert.equal(
      choices(finished(buildMaglev(hosts, 65537)), hosts),
      '112224022230441120401004221004342043013104',
    );
    assert.equal(
      choices(finished(buildMaglev(hosts, 101)), hosts),
      '111421421023241010203313103104121423341123',
    );
  });
  it('with weights too', () => {
    const hosts = hostsOf(RISING);
    assert.equal(
      choices(finished(buildMaglev(hosts, 1009)), hosts),
      '143443212441341332323122443141324434313343',
    );
  });
  it('places follow weights', () => {
    const someWeights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(someWeights, (weights) => {
        const hosts = hostsOf(weights);
        const table = finished(buildMaglev(hosts, 2003));
        const seen = new Map<unknown, number>();
        for (let lo = 0; lo < 2003; lo++) {
          const host = table.choose({ hi: 0, lo }, 0);
          seen.set(host, (seen.get(host) ?? 0) + 1);
        }
        for (const { host, share } of hosts) {
          assert.ok(Math.abs((seen.get(host) ?? 0) - share * 2003) < 2 + 0.02 * 2003);
        }
      }),
      { seed: 4, numRuns: 60 },
    );
  });
  it('a further attempt leads elsewhere', () => {
    const hosts = hostsOf(EQUAL);
    const table = finished(buildMaglev(hosts, 65537));
    assert.notEqual(choices(table, hosts, 1), choices(table, hosts, 0));
  });
});

/** Time passes with every look; work waits until it is run. */
class StepClock implements Clock {
  private readonly work: (() => void)[] = [];
  private ms = 0;
  now(): number {
    return this.ms++;
  }
  soon(work: () => void): void {
    this.work.push(work);
  }
  get busy(): boolean {
    return this.work.length > 0;
  }
  run(): void {
    while (this.work.length > 0) this.work.shift()!();
  }
}

describe('hash tables of a cluster', () => {
  const loadBalancing: Cluster['loadBalancing'] = { kind: 'MAGLEV', tableSize: 65537 };
  const endpoints = PORTS.map((port) => endpoint('127.0.0.1', port));
  function setting() {
    const clock = new StepClock();
    const state = new ClusterState('c');
    const tables = new HashTables(clock);
    const out = new Set<EndpointState>();
    const balance = () => {
      const snapshot = cluster('c', endpoints, { loadBalancing });
      state.follow(snapshot.endpoints);
      return new Balancer(snapshot, state, seededRandom(1), (host) => out.has(host), clock, tables);
    };
    return { clock, tables, balance, out };
  }

  it('are made in slices; who waits is told when they are there', () => {
    const { clock, tables, balance } = setting();
    const balancer = balance();
    const told: string[] = [];
    tables.whenReady(() => told.push('ready'));
    assert.ok(clock.busy && !tables.ready);
    assert.deepEqual(told, []);
    assert.ok(balancer.pick(undefined, 0, 0, keyOf('alice')) !== undefined);
    clock.run();
    assert.ok(tables.ready);
    assert.deepEqual(told, ['ready']);
    assert.equal(balancer.pick(undefined, 0, 0, keyOf('alice'))?.endpoint.port, 18102);
  });
  it('a push that changes nothing makes nothing anew', () => {
    const { clock, balance } = setting();
    balance();
    clock.run();
    balance();
    assert.ok(!clock.busy);
  });
  it('the table before serves meanwhile, without the hosts that are out', () => {
    const { clock, tables, balance, out } = setting();
    const before = balance();
    clock.run();
    const bad = before.pick(undefined, 0, 0, keyOf('alice')) as EndpointState;
    out.add(bad);
    const after = balance();
    assert.ok(clock.busy && tables.ready);
    for (const key of KEYS) {
      const is = after.pick(undefined, 0, 0, keyOf(key));
      assert.ok(is !== undefined && is !== bad);
    }
    clock.run();
    assert.notEqual(after.pick(undefined, 0, 0, keyOf('alice')), bad);
  });
  it('all hosts out: no healthy upstream, and nobody waits', () => {
    const { clock, tables, balance, out } = setting();
    const before = balance();
    clock.run();
    for (const key of KEYS) out.add(before.pick(undefined, 0, 0, keyOf(key)) as EndpointState);
    assert.equal(balance().pick(undefined, 0, 0, keyOf('alice')), undefined);
    assert.ok(tables.ready);
  });
  it('no key: a random host', () => {
    const { clock, balance } = setting();
    const balancer = balance();
    clock.run();
    const seen = new Set(Array.from({ length: 100 }, () => balancer.pick(undefined, 0)?.key));
    assert.equal(seen.size, PORTS.length);
  });
  it('a retry goes on from the place of its key to another host', () => {
    const { clock, balance } = setting();
    const balancer = balance();
    clock.run();
    for (const key of KEYS) {
      const first = balancer.pick(undefined, 5, 0, keyOf(key)) as EndpointState;
      assert.notEqual(balancer.pick([first], 5, 0, keyOf(key)), first);
    }
  });
});
