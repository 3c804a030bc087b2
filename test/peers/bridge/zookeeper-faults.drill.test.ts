/** ZooKeeper is killed, or falls silent, and comes back: what is registered never leaves the sidecar, and news arrive again. */
import { strict as assert } from 'node:assert';
import { type Istiod, startIstiod, startZooKeeper, type ZooKeeperServer } from '../../../lab';
import { drill, peer } from '../../support/peer';
import { type BridgeProcess, startBridgeProcess } from '../../support/registries/bridge-process';
import { Sidecar } from '../../support/registries/sidecar';
import { ZooKeeperNodes } from '../../support/registries/zookeeper-nodes';

const ROUNDS = drill({ short: 2, full: 10 });
const PATIENCE_MS = 60_000;
const CLUSTER = 'outbound|20880||demo.stockservice.dubbo';
/** How long it is silent: beyond the bridge's session. */
const SILENCE_MS = 4000;
const SESSION_MS = 2000;

describe('kill and restart of ZooKeeper before a sidecar', function () {
  this.timeout(drill({ short: 240_000, full: 900_000 }));
  let zookeeper: ZooKeeperServer;
  let bridge: BridgeProcess;
  let istiod: Istiod;
  let sidecar: Sidecar;

  before(async function () {
    zookeeper = peer(this, await startZooKeeper());
    const nodes = await ZooKeeperNodes.connect(zookeeper.address);
    for (const ip of ['10.1.0.1', '10.1.0.2']) await nodes.create(pathOf(ip));
    nodes.close();
    const source = { type: 'zookeeper', name: 'zookeeper', servers: [zookeeper.address] };
    bridge = await startBridgeProcess({ sources: [{ ...source, sessionTimeoutMs: SESSION_MS }] });
    istiod = peer(this, await startIstiod({ configSources: [bridge.configSource] }));
    sidecar = new Sidecar(istiod.xdsAddress, [CLUSTER]);
    await sidecar.until('both providers', () => sidecar.endpoints(CLUSTER).length === 2);
  });

  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(bridge.log().slice(-5000));
  });

  after(async () => {
    sidecar?.close();
    await Promise.all([istiod, bridge, zookeeper].map((each) => each?.stop()));
  });

  /** A provider that comes is seen, and one that goes; the others were never away. */
  async function assertFollowed(ip: string): Promise<void> {
    // A client that lived through the fault may have lost the answers to what it asked.
    const nodes = await ZooKeeperNodes.connect(zookeeper.address);
    try {
      await nodes.create(pathOf(ip));
      await sidecar.until('it', () => has(ip), PATIENCE_MS);
      await nodes.remove(pathOf(ip));
      await sidecar.until('its end', () => !has(ip), PATIENCE_MS);
    } finally {
      nodes.close();
    }
    assert.deepEqual(sidecar.emptied, []);
    assert.ok(has('10.1.0.1') && has('10.1.0.2'));
  }

  function has(ip: string): boolean {
    return sidecar.endpoints(CLUSTER).some(({ address }) => address === ip);
  }

  it(`killed, ${ROUNDS} times`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await zookeeper.kill();
      await zookeeper.start();
      await assertFollowed(`10.2.0.${round}`);
    }
  });

  it('silent for longer than the session', async () => {
    zookeeper.freeze();
    // The silence itself is what is tested; nothing tells of its end.
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
    zookeeper.resume();
    await assertFollowed('10.3.0.1');
  });
});

function pathOf(ip: string): string {
  const url = `dubbo://${ip}:20880/demo.StockService?application=stock&interface=demo.StockService&side=provider`;
  return `/dubbo/demo.StockService/providers/${encodeURIComponent(url)}`;
}
