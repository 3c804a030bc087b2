/**
 * From a change in a real ZooKeeper, Eureka or Consul to the endpoint in a sidecar, one bridge for all of them. Of the
 * two that push, a follower of our own tells the registry's part; Eureka is polled, at another moment by each.
 */
import { strict as assert } from 'node:assert';
import { Value } from '@sinclair/typebox/value';
import {
  type ConsulServer,
  type EurekaServer,
  type Istiod,
  startConsul,
  startEureka,
  startIstiod,
  startZooKeeper,
  type ZooKeeperServer,
} from '../../../lab';
import type { Source } from '../../../src/bridge/model';
import { consulSchema, createConsulSource } from '../../../src/bridge/source/consul';
import { createZooKeeperSource, zookeeperSchema } from '../../../src/bridge/source/zookeeper';
import { Adsc } from '../../support/bridge/adsc';
import { RecordingSink, testContext } from '../../support/bridge/recording-sink';
import { drill, peer } from '../../support/peer';
import { type BridgeProcess, startBridgeProcess } from '../../support/registries/bridge-process';
import { ConsulHttp } from '../../support/registries/consul-http';
import { EurekaHttp } from '../../support/registries/eureka-http';
import { LatencyTable, measuredOn, type Stage } from '../../support/registries/latency-table';
import { Sidecar } from '../../support/registries/sidecar';
import { ZooKeeperNodes } from '../../support/registries/zookeeper-nodes';

const CHANGES = drill({ short: 5, full: 200 });
const POLL_MS = 250;
/**
 * A change that meets the server while it answers somebody's delta can be missing from its deltas until the next change:
 * what was computed before is cached after the cache was emptied. Its full answers know better.
 */
const FULL_MS = 5000;
const PATIENCE_MS = 60_000;
const PROVIDERS = '/dubbo/demo.StockService/providers';

const CLUSTERS = {
  zookeeper: 'outbound|20880||demo.stockservice.dubbo',
  eureka: 'outbound|80||orders.eureka',
  consul: 'outbound|80||payments.dc1.consul',
} as const;

describe('changes in ZooKeeper, Eureka and Consul reach a sidecar', function () {
  this.timeout(drill({ short: 240_000, full: 3_600_000 }));
  const table = new LatencyTable('registry');
  const sinks = { zookeeper: new RecordingSink(), consul: new RecordingSink() };
  const stops: (() => Promise<void> | void)[] = [];
  let zookeeper: ZooKeeperServer;
  let eureka: EurekaServer;
  let consul: ConsulServer;
  let bridge: BridgeProcess;
  let istiod: Istiod;
  let adsc: Adsc;
  let sidecar: Sidecar;

  before(async function () {
    zookeeper = peer(this, await startZooKeeper());
    stops.unshift(() => zookeeper.stop());
    eureka = peer(this, await startEureka());
    stops.unshift(() => eureka.stop());
    consul = peer(this, await startConsul());
    stops.unshift(() => consul.stop());
    const ofZooKeeper = { type: 'zookeeper', name: 'zookeeper', servers: [zookeeper.address] };
    const ofConsul = { type: 'consul', name: 'consul', servers: [consul.url] };
    bridge = await startBridgeProcess({
      catalogue: { graceMs: 1000 },
      sources: [
        ofZooKeeper,
        {
          type: 'eureka',
          name: 'eureka',
          servers: [eureka.url],
          pollIntervalMs: POLL_MS,
          fullIntervalMs: FULL_MS,
        },
        ofConsul,
      ],
    });
    stops.unshift(() => bridge.stop());
    const follow = (source: Source, sink: RecordingSink) => {
      stops.unshift(() => source.stop());
      source.start(sink);
    };
    const zookeeperConfig = Value.Decode(zookeeperSchema, Value.Default(zookeeperSchema, ofZooKeeper));
    follow(createZooKeeperSource(zookeeperConfig, testContext()), sinks.zookeeper);
    const consulConfig = Value.Decode(consulSchema, Value.Default(consulSchema, ofConsul));
    follow(createConsulSource(consulConfig, testContext()), sinks.consul);
    istiod = peer(this, await startIstiod({ configSources: [bridge.configSource] }));
    stops.unshift(() => istiod.stop());
    adsc = new Adsc(bridge.mcpAddress);
    stops.unshift(() => adsc.close());
    sidecar = new Sidecar(istiod.xdsAddress, Object.values(CLUSTERS));
    stops.unshift(() => sidecar.close());
  });

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(bridge.log().slice(-4000), [...(await bridge.served()).keys()]);
  });

  after(async () => {
    console.log(`\n${measuredOn()}\n\n${table.text()}\n`);
    for (const stop of stops) await stop();
  });

  async function measure(
    kind: keyof typeof CLUSTERS,
    what: string,
    ip: string,
    change: () => Promise<unknown>,
    present: boolean,
  ): Promise<void> {
    const began = performance.now();
    const since = () => performance.now() - began;
    const served = () =>
      [...adsc.store.values()]
        .filter(({ spec }) => CLUSTERS[kind].endsWith(`|${spec.hosts?.[0]}`))
        .some(({ spec }) => spec.endpoints?.some(({ address }) => address === ip));
    const listed = (sink: RecordingSink) =>
      [...sink.services.values()]
        .flatMap(({ instances }) => instances)
        .some(({ address, healthy, enabled }) => address === ip && healthy && enabled);
    const known = () => sidecar.endpoints(CLUSTERS[kind]).some(({ address }) => address === ip);
    const sink = kind === 'eureka' ? undefined : sinks[kind];
    const told = change();
    const [ofRegistry, ofBridge, ofIstiod] = await Promise.all([
      sink?.until(() => listed(sink) === present, `${what} of ${ip} at ${kind}`, PATIENCE_MS).then(since),
      adsc.until(`${what} of ${ip} at the bridge`, () => served() === present, PATIENCE_MS).then(since),
      sidecar.until(`${what} of ${ip} at the sidecar`, () => known() === present, PATIENCE_MS).then(since),
      told,
    ]);
    const stages: Stage[] = [
      { name: 'bridge', at: ofBridge },
      { name: 'istiod', at: ofIstiod },
    ];
    if (ofRegistry !== undefined) stages.unshift({ name: 'registry', at: ofRegistry });
    table.add(`${kind} ${what}`, stages);
  }

  it('ZooKeeper, a Dubbo provider of interface level', async () => {
    const nodes = await ZooKeeperNodes.connect(zookeeper.address);
    const path = (ip: string) => {
      const url = `dubbo://${ip}:20880/demo.StockService?application=stock&interface=demo.StockService&side=provider`;
      return `${PROVIDERS}/${encodeURIComponent(url)}`;
    };
    try {
      await nodes.create(path('10.1.0.1'), '', true);
      for (let i = 0; i < CHANGES; i++) {
        const ip = `10.2.0.${i}`;
        await measure('zookeeper', 'register', ip, () => nodes.create(path(ip), '', true), true);
        await measure('zookeeper', 'deregister', ip, () => nodes.remove(path(ip)), false);
      }
    } finally {
      nodes.close();
    }
  });

  it(`Eureka, polled every ${POLL_MS} ms`, async () => {
    const client = new EurekaHttp(eureka.url);
    const of = (ip: string) => ({ app: 'orders', instanceId: `orders-${ip}`, ip, port: 8080 });
    await client.register(of('10.1.0.2'));
    const base = () => sidecar.endpoints(CLUSTERS.eureka).length === 1;
    await sidecar.until('the first at the sidecar', base, PATIENCE_MS);
    for (let i = 0; i < CHANGES; i++) {
      const one = of(`10.3.0.${i}`);
      await measure('eureka', 'register', one.ip, () => client.register(one), true);
      await measure('eureka', 'status', one.ip, () => client.override(one, 'OUT_OF_SERVICE'), false);
      await measure('eureka', 'status', one.ip, () => client.override(one, 'UP'), true);
      await measure('eureka', 'deregister', one.ip, () => client.deregister(one), false);
    }
  });

  it('Consul, by blocking queries', async () => {
    const client = new ConsulHttp(consul.url);
    const of = (ip: string) => ({
      id: `payments-${ip}`,
      name: 'payments',
      address: ip,
      port: 8080,
      checked: true,
    });
    const base = of('10.1.0.3');
    await client.register(base);
    await client.setHealth(base, 'pass');
    for (let i = 0; i < CHANGES; i++) {
      const one = of(`10.4.0.${i}`);
      const add = () => client.register(one).then(() => client.setHealth(one, 'pass'));
      await measure('consul', 'register', one.address, add, true);
      await measure('consul', 'health', one.address, () => client.setHealth(one, 'fail'), false);
      await measure('consul', 'health', one.address, () => client.setHealth(one, 'pass'), true);
      await measure('consul', 'deregister', one.address, () => client.deregister(one), false);
    }
    assert.ok(table.count('consul register') === CHANGES, table.text());
  });
});
