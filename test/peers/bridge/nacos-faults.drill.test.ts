/**
 * Each of Nacos, the bridge and istiod is killed and comes back, under changes, again and again. What exists never
 * leaves the sidecar; what is no longer registered leaves it; nothing else needs a restart.
 */
import { strict as assert } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import { eventually } from '../../support/load';
import { drill } from '../../support/peer';
import { NacosChain, nacosCluster, nacosSource } from '../../support/registries/nacos-chain';
import { npmNacos } from '../../support/registries/nacos-npm';
import { Sidecar } from '../../support/registries/sidecar';

const ROUNDS = drill({ short: 1, full: 10 });
const SERVICES = ['orders', 'payments', 'stock'];
/** How long what is not listed any more may stay. */
const STALE_MS = 30_000;
const PATIENCE_MS = 120_000;
const CHURN_MS = 250;
/** Clients of Nacos come back within a beat of 5 s; until then nobody's absence is believed. */
const SETTLE_MS = drill({ short: 8000, full: 15_000 });
const SYNC_TIMEOUT_MS = 2000;
/** Registered by nobody who would do so again. */
const GHOST = { serviceName: 'fault', ip: '10.6.0.1', port: 8080 };

describe('kill and restart in the chain from Nacos to a sidecar', function () {
  this.timeout(drill({ short: 300_000, full: 3_600_000 }));
  let chain: NacosChain;
  let npm: Awaited<ReturnType<typeof npmNacos>>;
  let churn: Churn | undefined;
  const times = new Map<string, number[]>();

  before(async function () {
    chain = await NacosChain.start(this, {
      clusters: [...SERVICES, 'churn', 'fault'].map((name) => nacosCluster(name)),
      bridge: (nacos) => ({
        sources: [
          nacosSource(nacos, { settleMs: SETTLE_MS, syncTimeoutMs: SYNC_TIMEOUT_MS, listIntervalMs: 2000 }),
        ],
      }),
    });
    npm = await npmNacos(chain.nacos.address);
    for (const [i, service] of SERVICES.entries()) {
      await npm.registerInstance(service, { ip: `10.1.0.${i}`, port: 8080 });
      await npm.registerInstance(service, { ip: `10.1.1.${i}`, port: 8080 });
    }
    await npm.registerInstance('fault', { ip: '10.2.0.1', port: 8080 });
    await chain.sidecar.until('all services', isWhole);
    churn = new Churn(chain);
  });

  afterEach(function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(chain.bridge.log().slice(-6000), chain.istiod.log().slice(-2000));
  });

  after(async () => {
    await churn?.stop();
    for (const [kind, ms] of times)
      console.log(
        `    ${kind}: ${ms.length} times, news after ${ms.map((each) => each.toFixed(0)).join(', ')} ms`,
      );
    await npm?.close();
    await chain?.stop();
  });

  function isWhole(): boolean {
    return SERVICES.every((service) => chain.sidecar.addresses(nacosCluster(service)).length === 2);
  }

  function hasGhost(): boolean {
    return faultAddresses().includes(`${GHOST.ip}:${GHOST.port}`);
  }

  function faultAddresses(): string[] {
    return chain.sidecar.addresses(nacosCluster('fault'));
  }

  /** Nobody noticed: no instance that exists was away for a moment. */
  function assertUnharmed(): void {
    const { lost, emptied } = chain.sidecar;
    const stay = SERVICES.map((service) => `${nacosCluster(service)} `);
    assert.deepEqual(
      lost.filter((each) => stay.some((prefix) => each.startsWith(prefix))),
      [],
    );
    assert.deepEqual(
      emptied.filter((cluster) => cluster !== nacosCluster('churn')),
      [],
    );
    assert.ok(isWhole());
  }

  function note(kind: string, ms: number): void {
    times.set(kind, [...(times.get(kind) ?? []), ms]);
  }

  /** While it is away one instance leaves and another comes; `back` tells when that must arrive. */
  async function whileAway(
    kind: string,
    round: number,
    kill: () => Promise<void>,
    start: () => Promise<void>,
  ): Promise<void> {
    const leaving = { ip: `10.3.${round}.1`, port: 8080 };
    const coming = { ip: `10.3.${round}.2`, port: 8080 };
    await npm.registerInstance('fault', leaving);
    await chain.sidecar.until(
      'the first',
      () => faultAddresses().includes(`${leaving.ip}:8080`),
      PATIENCE_MS,
    );
    await kill();
    await npm.deregisterInstance('fault', leaving);
    await npm.registerInstance('fault', coming);
    await start();
    const began = performance.now();
    await chain.sidecar.until(
      'the second',
      () => faultAddresses().includes(`${coming.ip}:8080`),
      PATIENCE_MS,
    );
    await chain.sidecar.until(
      'the end of the first',
      () => !faultAddresses().includes(`${leaving.ip}:8080`),
      STALE_MS,
    );
    note(kind, performance.now() - began);
    await npm.deregisterInstance('fault', coming);
    assertUnharmed();
  }

  it(`the bridge, ${ROUNDS} times`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { bridge } = chain;
      await whileAway(
        'the bridge',
        round,
        () => bridge.kill(),
        () => bridge.start(),
      );
    }
  });

  it(`istiod, ${ROUNDS} times`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { istiod } = chain;
      await whileAway(
        'istiod',
        20 + round,
        () => istiod.kill(),
        () => istiod.restart(),
      );
    }
  });

  it(`Nacos, ${ROUNDS} times: what does not register again leaves`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const ghost = { serviceName: 'fault', ip: `10.4.${round}.1`, port: 8080 };
      await chain.http.register(ghost);
      await chain.sidecar.until(
        'the ghost',
        () => faultAddresses().includes(`${ghost.ip}:8080`),
        PATIENCE_MS,
      );
      await chain.nacos.kill();
      await chain.nacos.start();
      const began = performance.now();
      await chain.sidecar.until(
        'the end of the ghost',
        () => !faultAddresses().includes(`${ghost.ip}:8080`),
        STALE_MS,
      );
      note('Nacos', performance.now() - began);
      assertUnharmed();
    }
  });

  it('a cold start of bridge and istiod with Nacos down: the snapshot is served', async () => {
    const { bridge, istiod, nacos } = chain;
    await chain.http.register(GHOST);
    await chain.sidecar.until('the ghost', hasGhost, PATIENCE_MS);
    const isKept = async () => ((await bridge.snapshot()).includes(GHOST.ip) ? true : undefined);
    await eventually('the ghost in the snapshot', isKept, PATIENCE_MS);
    await Promise.all([istiod.kill(), bridge.kill(), nacos.kill()]);
    await bridge.start();
    await istiod.restart();
    const fresh = new Sidecar(
      istiod.xdsAddress,
      SERVICES.map((name) => nacosCluster(name)),
    );
    try {
      const isThere = () => SERVICES.every((name) => fresh.addresses(nacosCluster(name)).length === 2);
      await fresh.until('all services', isThere, PATIENCE_MS);
      await nacos.start();
      assert.deepEqual(fresh.emptied, []);
    } finally {
      fresh.close();
    }
    await chain.sidecar.until('the end of the ghost', () => !hasGhost(), STALE_MS);
    await npm.registerInstance('fault', { ip: '10.5.0.1', port: 8080 });
    await chain.sidecar.until('news', () => faultAddresses().includes('10.5.0.1:8080'), PATIENCE_MS);
    assertUnharmed();
  });

  // A start of Nacos more than the short form has time for.
  if (drill({ short: false, full: true })) {
    it('a cold start without a snapshot: istiod is ready with nothing, and Nacos comes later', async () => {
      const { bridge, istiod, nacos } = chain;
      await churn?.stop();
      await Promise.all([istiod.kill(), bridge.kill(), nacos.kill()]);
      await bridge.forgetSnapshot();
      await bridge.start();
      await istiod.restart();
      assert.deepEqual([...(await bridge.served()).keys()], []);
      await nacos.start();
      const { ms } = await eventually('all services', () => (isWhole() ? true : undefined), PATIENCE_MS);
      note('a cold start', ms);
      const listed = async () =>
        (await chain.http.list('churn')).map(({ ip, port }) => `${ip}:${port}`).sort();
      const isEqual = async () => {
        const registered = await listed();
        return isDeepStrictEqual(chain.sidecar.addresses(nacosCluster('churn')), registered) || undefined;
      };
      await eventually('of what came and went what the registry lists', isEqual, STALE_MS);
    });
  }
});

/** Instances that come and go all the time. Requests that meet a dead Nacos are part of it. */
class Churn {
  private isOver = false;
  private readonly running: Promise<void>;

  constructor(private readonly chain: NacosChain) {
    this.running = this.run();
  }

  stop(): Promise<void> {
    this.isOver = true;
    return this.running;
  }

  private async run(): Promise<void> {
    const { http } = this.chain;
    for (let i = 0; !this.isOver; i++) {
      const instance = { serviceName: 'churn', ip: `10.9.0.${i % 20}`, port: 8080 };
      const change = i % 40 < 20 ? http.register(instance) : http.deregister(instance);
      await change.catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, CHURN_MS));
    }
  }
}
