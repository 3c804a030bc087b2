import assert from 'node:assert/strict';
import type { Resolution } from '../../../src/link/worker/dns';
import { DnsEndpoints } from '../../../src/link/worker/dns-endpoints';
import type { Cluster } from '../../../src/model';
import { decodeCluster, pb } from '../../../src/xds';
import { dnsCluster } from '../../support/ads-resources';

/** A clock and a name server under the test's control. */
class Stage {
  readonly answers: (Resolution | Error)[] = [];
  readonly asked: string[] = [];
  readonly waits: number[] = [];
  changes = 0;
  #timer: (() => void) | undefined;
  readonly #real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };

  begin(): void {
    globalThis.setTimeout = ((run: () => void, ms: number) => {
      this.waits.push(ms);
      this.#timer = run;
      return 0;
    }) as never;
    globalThis.clearTimeout = (() => undefined) as never;
  }

  end(): void {
    Object.assign(globalThis, this.#real);
  }

  readonly options = {
    random: () => 0,
    changed: () => void this.changes++,
    resolve: async (host: string) => {
      this.asked.push(host);
      const answer = this.answers.shift() ?? new Error('ENOTFOUND');
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };

  /** Runs the pending timer and what follows from it. */
  async tick(): Promise<void> {
    this.#timer?.();
    for (let i = 0; i < 10; i++) await Promise.resolve();
  }
}

function cluster(
  kind: 'STRICT_DNS' | 'LOGICAL_DNS',
  hosts: [string, number][] = [['db.test', 5432]],
): Cluster {
  const message = dnsCluster('outbound|80||db.test', hosts, kind);
  const decoded = decodeCluster(pb.envoy.config.cluster.v3.Cluster.encode(message).finish());
  assert.ok(decoded.ok);
  return decoded.value;
}

const addresses = (dns: DnsEndpoints) =>
  dns.endpoints.localities.flatMap(({ endpoints }) =>
    endpoints.map(({ address, port }) => `${address}:${port}`),
  );

describe('link DNS clusters', () => {
  let stage: Stage;
  beforeEach(() => {
    stage = new Stage();
    stage.begin();
  });
  afterEach(() => stage.end());

  it('STRICT_DNS takes all addresses, LOGICAL_DNS the first; the name stays as the host name', async () => {
    for (const kind of ['STRICT_DNS', 'LOGICAL_DNS'] as const) {
      stage.answers.push({ addresses: ['10.0.0.2', '10.0.0.1'] });
      const dns = new DnsEndpoints(cluster(kind), stage.options);
      assert.equal(dns.ready, false);
      await stage.tick();
      assert.equal(dns.ready, true);
      assert.deepEqual(
        addresses(dns),
        kind === 'STRICT_DNS' ? ['10.0.0.1:5432', '10.0.0.2:5432'] : ['10.0.0.2:5432'],
      );
      assert.equal(dns.endpoints.localities[0]?.endpoints[0]?.hostname, 'db.test');
      dns.stop();
    }
  });

  it("asks again after the TTL, or the cluster's rate without one; at least a second; ten per cent jitter", async () => {
    stage.answers.push(
      { addresses: ['10.0.0.1'], ttlMs: 5_000 },
      { addresses: ['10.0.0.1'] },
      { addresses: ['10.0.0.1'], ttlMs: 1 },
    );
    new DnsEndpoints(cluster('STRICT_DNS'), stage.options);
    await stage.tick();
    await stage.tick();
    await stage.tick();
    assert.deepEqual(stage.waits, [5_000, 60_000, 1_000]);
    stage.end();
    const late = new Stage();
    late.begin();
    stage = late;
    late.answers.push({ addresses: ['10.0.0.1'], ttlMs: 5_000 });
    new DnsEndpoints(cluster('STRICT_DNS'), { ...late.options, random: () => 1 });
    await late.tick();
    assert.deepEqual(late.waits, [5_500]);
  });

  it('a failure keeps the last good addresses and is tried again soon; another order is no change', async () => {
    stage.answers.push({ addresses: ['10.0.0.1', '10.0.0.2'] }, new Error(), new Error(), {
      addresses: ['10.0.0.2', '10.0.0.1'],
    });
    const dns = new DnsEndpoints(cluster('STRICT_DNS'), stage.options);
    for (let i = 0; i < 4; i++) await stage.tick();
    assert.deepEqual(addresses(dns), ['10.0.0.1:5432', '10.0.0.2:5432']);
    assert.deepEqual(stage.waits.slice(1, 3), [1_000, 2_000]);
    assert.equal(stage.changes, 1);
  });

  it('a name that never resolved is an answer too: no endpoints', async () => {
    const dns = new DnsEndpoints(cluster('STRICT_DNS'), stage.options);
    await stage.tick();
    assert.deepEqual([dns.ready, addresses(dns), stage.changes], [true, [], 1]);
  });

  it('addresses among the names are taken as they are; two names of one address give one endpoint', async () => {
    const both = cluster('STRICT_DNS', [
      ['192.0.2.1', 1],
      ['a.test', 2],
      ['b.test', 2],
    ]);
    stage.answers.push({ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.1'] });
    const dns = new DnsEndpoints(both, stage.options);
    await stage.tick();
    assert.deepEqual(stage.asked.slice(0, 2), ['a.test', 'b.test']);
    assert.deepEqual(addresses(dns), ['192.0.2.1:1', '10.0.0.1:2']);
  });

  it('a changed cluster starts from what the former had resolved', async () => {
    stage.answers.push({ addresses: ['10.0.0.1'] });
    const former = new DnsEndpoints(cluster('STRICT_DNS'), stage.options);
    await stage.tick();
    former.stop();
    const next = new DnsEndpoints(cluster('STRICT_DNS'), stage.options, former);
    assert.deepEqual([next.ready, addresses(next)], [true, ['10.0.0.1:5432']]);
  });
});
