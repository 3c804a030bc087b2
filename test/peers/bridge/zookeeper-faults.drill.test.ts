/**
 * ZooKeeper is killed, or falls silent, and comes back, under changes; all of it starts with ZooKeeper down. What is
 * registered never leaves the sidecar, what is not any more does, and news arrive again.
 */
import { strict as assert } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import { type Istiod, startIstiod, startZooKeeper, type ZooKeeperServer } from '../../../lab';
import { eventually } from '../../support/load';
import { drill, peer } from '../../support/peer';
import { type BridgeProcess, startBridgeProcess } from '../../support/registries/bridge-process';
import { Sidecar } from '../../support/registries/sidecar';
import { ZooKeeperChurn } from '../../support/registries/zookeeper-churn';
import { ZooKeeperNodes } from '../../support/registries/zookeeper-nodes';

const ROUNDS = drill({ short: 1, full: 10 });
const PATIENCE_MS = 60_000;
/** How long what is not listed any more may stay. */
const STALE_MS = 30_000;
const STAY = ['10.1.0.1', '10.1.0.2'];
const CLUSTER = clusterOf('stock');
const CHURN = clusterOf('churn');
/** How long it is silent: beyond the bridge's session. */
const SILENCE_MS = 4000;
const SESSION_MS = 2000;
const SYNC_TIMEOUT_MS = 2000;

describe('kill and restart of ZooKeeper before a sidecar', function () {
  this.timeout(drill({ short: 240_000, full: 1_800_000 }));
  let zookeeper: ZooKeeperServer;
  let bridge: BridgeProcess;
  let istiod: Istiod;
  let sidecar: Sidecar;
  let churn: ZooKeeperChurn | undefined;

  before(async function () {
    zookeeper = peer(this, await startZooKeeper());
    await withNodes(async (nodes) => {
      for (const ip of STAY) await nodes.create(pathOf('stock', ip));
    });
    const source = { type: 'zookeeper', name: 'zookeeper', servers: [zookeeper.address] };
    const times = { sessionTimeoutMs: SESSION_MS, syncTimeoutMs: SYNC_TIMEOUT_MS };
    bridge = await startBridgeProcess({ sources: [{ ...source, ...times }] });
    istiod = peer(this, await startIstiod({ configSources: [bridge.configSource] }));
    sidecar = new Sidecar(istiod.xdsAddress, [CLUSTER, CHURN]);
    await sidecar.until('both providers', () => sidecar.endpoints(CLUSTER).length === 2, PATIENCE_MS);
    churn = new ZooKeeperChurn(zookeeper.address, (i) => pathOf('churn', `10.9.0.${i}`));
  });

  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(bridge.log().slice(-5000));
  });

  after(async () => {
    await churn?.stop();
    sidecar?.close();
    await Promise.all([istiod, bridge, zookeeper].map((each) => each?.stop()));
  });

  /** By a client of its own: one that lived through a fault may have lost the answers to what it asked. */
  async function withNodes<T>(work: (nodes: ZooKeeperNodes) => Promise<T>): Promise<T> {
    const nodes = await ZooKeeperNodes.connect(zookeeper.address);
    try {
      return await work(nodes);
    } finally {
      nodes.close();
    }
  }

  /** A provider that comes is seen, and one that goes; the others were never away. */
  async function assertFollowed(ip: string): Promise<void> {
    await withNodes(async (nodes) => {
      await nodes.create(pathOf('stock', ip));
      await sidecar.until('it', () => has(ip), PATIENCE_MS);
      await nodes.remove(pathOf('stock', ip));
      await sidecar.until('its end', () => !has(ip), STALE_MS);
    });
    assertUnharmed();
  }

  function assertUnharmed(): void {
    const stay = new Set(STAY.map((ip) => `${CLUSTER} ${ip}:20880`));
    assert.deepEqual(
      sidecar.lost.filter((each) => stay.has(each)),
      [],
    );
    assert.ok(STAY.every(has));
  }

  function has(ip: string): boolean {
    return sidecar.addresses(CLUSTER).includes(`${ip}:20880`);
  }

  /** A provider that dies while ZooKeeper is away: its node stays until its session ends. */
  async function ghost(ip: string): Promise<{ die(): void; gone(): Promise<void> }> {
    const provider = await ZooKeeperNodes.connect(zookeeper.address);
    await provider.create(pathOf('stock', ip), '', true);
    await sidecar.until('the ghost', () => has(ip), PATIENCE_MS);
    return {
      die: () => provider.close(),
      gone: async () => {
        const isListed = async () => (await childrenOf('stock')).some((each) => each.includes(ip));
        await eventually('the end of its session', async () => !(await isListed()) || undefined, PATIENCE_MS);
        await sidecar.until('the end of the ghost', () => !has(ip), STALE_MS);
      },
    };
  }

  function childrenOf(application: string): Promise<readonly string[]> {
    const path = pathOf(application, '');
    return withNodes((nodes) => nodes.children(path.slice(0, path.lastIndexOf('/'))));
  }

  it(`killed, ${ROUNDS} times`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { die, gone } = await ghost(`10.4.0.${round}`);
      await zookeeper.kill();
      die();
      await zookeeper.start();
      await assertFollowed(`10.2.0.${round}`);
      await gone();
    }
  });

  it('silent for longer than the session', async () => {
    zookeeper.freeze();
    // The silence itself is what is tested; nothing tells of its end.
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
    zookeeper.resume();
    await assertFollowed('10.3.0.1');
  });

  it('a cold start of bridge and istiod with ZooKeeper down: the snapshot is served', async () => {
    const { die, gone } = await ghost('10.5.0.1');
    const isKept = async () => ((await bridge.snapshot()).includes('10.5.0.1') ? true : undefined);
    await eventually('the ghost in the snapshot', isKept, PATIENCE_MS);
    await Promise.all([istiod.kill(), bridge.kill(), zookeeper.kill()]);
    die();
    await bridge.start();
    await istiod.restart();
    const fresh = new Sidecar(istiod.xdsAddress, [CLUSTER]);
    try {
      await fresh.until('all three', () => fresh.endpoints(CLUSTER).length === 3, PATIENCE_MS);
      await zookeeper.start();
      await assertFollowed('10.3.0.2');
      await gone();
      assert.deepEqual(fresh.emptied, []);
    } finally {
      fresh.close();
    }
  });

  it('a cold start without a snapshot: istiod is ready with nothing, and ZooKeeper comes later', async () => {
    await Promise.all([istiod.kill(), bridge.kill(), zookeeper.kill()]);
    await bridge.forgetSnapshot();
    await bridge.start();
    await istiod.restart();
    assert.deepEqual([...(await bridge.served()).keys()], []);
    await zookeeper.start();
    const fresh = new Sidecar(istiod.xdsAddress, [CLUSTER]);
    try {
      await fresh.until('both', () => fresh.endpoints(CLUSTER).length === 2, PATIENCE_MS);
    } finally {
      fresh.close();
    }
    await sidecar.until('both', () => STAY.every(has), PATIENCE_MS);
  });

  it('what came and went all the time is as the registry lists it', async () => {
    await churn?.stop();
    const isEqual = async () => {
      const nodes = await childrenOf('churn');
      const addresses = nodes.map((each) => /10\.9\.0\.\d+:20880/.exec(decodeURIComponent(each))?.[0]);
      return isDeepStrictEqual(sidecar.addresses(CHURN), addresses.sort()) || undefined;
    };
    await eventually('what ZooKeeper lists', isEqual, STALE_MS);
  });
});

function clusterOf(application: string): string {
  return `outbound|20880||demo.${application}service.dubbo`;
}

function pathOf(application: string, ip: string): string {
  const name = `demo.${application[0]!.toUpperCase()}${application.slice(1)}Service`;
  const url = `dubbo://${ip}:20880/${name}?application=${application}&interface=${name}&side=provider`;
  return `/dubbo/${name}/providers/${encodeURIComponent(url)}`;
}
