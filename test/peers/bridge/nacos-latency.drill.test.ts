/**
 * From a change in a real Nacos to the endpoint in a sidecar: every kind of change arrives, and how long it takes
 * is told apart by who takes it. A subscriber of Nacos and a config source's client stand beside the bridge and
 * istiod, so that all moments are of one clock.
 */
import { strict as assert } from 'node:assert';
import { Value } from '@sinclair/typebox/value';
import { createNacosSource, nacosSchema } from '../../../src/bridge/source/nacos';
import { Adsc } from '../../support/bridge/adsc';
import { RecordingSink, testContext } from '../../support/bridge/recording-sink';
import { drill } from '../../support/peer';
import { afterStage, LatencyTable, measuredOn } from '../../support/registries/latency-table';
import { NacosChain, nacosCluster, nacosHost } from '../../support/registries/nacos-chain';
import type { NacosInstance } from '../../support/registries/nacos-http';
import { npmNacos } from '../../support/registries/nacos-npm';

const CHANGES = drill({ short: 20, full: 200 });
/** Services that change at the same time. One at a time in the drill, so that no change waits for another's push. */
const LANES = drill({ short: 10, full: 1 });
/** From Nacos' push to the sidecar, as the median. Changes at the same time share a push, and wait for it. */
const BUDGET_MS = drill({ short: 1000, full: 100 });
const PORT = 8080;
const TRACKS = ['a', 'b'];

/** One instance as an observer sees it; undefined: not there. */
interface Seen {
  readonly weight: number;
  readonly track: string;
}

describe('changes in Nacos reach a sidecar', function () {
  this.timeout(drill({ short: 240_000, full: 3_600_000 }));
  const services = Array.from({ length: LANES }, (_unused, i) => `lane-${i}`);
  const table = new LatencyTable('Nacos');
  let chain: NacosChain;
  let source: ReturnType<typeof createNacosSource>;
  let adsc: Adsc;
  const sink = new RecordingSink();

  before(async function () {
    const clusters = services.flatMap((service) =>
      ['', ...TRACKS].map((track) => nacosCluster(service, track)),
    );
    chain = await NacosChain.start(this, {
      clusters,
      files: { 'tracks.yaml': services.map(tracks).join('\n---\n') },
    });
    const config = { type: 'nacos', name: 'watch', servers: [chain.nacos.address] };
    source = createNacosSource(Value.Decode(nacosSchema, Value.Default(nacosSchema, config)), testContext());
    source.start(sink);
    adsc = new Adsc(chain.bridge.mcpAddress);
    await chain.http.untilEditable();
  });

  afterEach(function () {
    if (this.currentTest?.state === 'failed')
      console.log(chain.bridge.log().slice(-4000), chain.istiod.log().slice(-1000));
  });

  after(async () => {
    adsc?.close();
    await source?.stop();
    await chain?.stop();
  });

  function atNacos(service: string, ip: string): Seen | undefined {
    const all = sink.services.get(
      [...sink.services.keys()].find((key) => key.endsWith(service)) ?? '',
    )?.instances;
    const one = all?.find(({ address }) => address === ip);
    if (!one?.enabled || !one.healthy) return undefined;
    return { weight: one.weight, track: one.metadata['track'] ?? '' };
  }

  function atBridge(service: string, ip: string): Seen | undefined {
    const entry = [...adsc.store.values()].find(({ spec }) => spec.hosts?.includes(nacosHost(service)));
    const one = entry?.spec.endpoints?.find(({ address }) => address === ip);
    return one ? { weight: one.weight ?? 1, track: one.labels?.['track'] ?? '' } : undefined;
  }

  function atSidecar(service: string, ip: string): Seen | undefined {
    const of = (track: string) =>
      chain.sidecar.endpoints(nacosCluster(service, track)).find(({ address }) => address === ip);
    const one = of('');
    return one ? { weight: one.weight, track: TRACKS.find((track) => of(track)) ?? '' } : undefined;
  }

  async function measure(
    kind: string,
    service: string,
    ip: string,
    change: () => Promise<void>,
    arrived: (seen: Seen | undefined) => boolean,
  ): Promise<void> {
    const what = `${kind} of ${ip} in ${service}`;
    const began = performance.now();
    const since = () => performance.now() - began;
    const told = change();
    const [nacos, bridge, istiod] = await Promise.all([
      sink.until(() => arrived(atNacos(service, ip)), `${what} at Nacos`, 60_000).then(since),
      adsc.until(`${what} at the bridge`, () => arrived(atBridge(service, ip)), 60_000).then(since),
      chain.sidecar
        .until(`${what} at the sidecar`, () => arrived(atSidecar(service, ip)), 60_000)
        .then(since),
      told,
    ]);
    table.add(kind, [
      { name: 'Nacos', at: nacos },
      { name: 'bridge', at: bridge },
      { name: 'istiod', at: istiod },
    ]);
  }

  /** The same number of changes on each lane, one after another there. */
  async function everyLane(change: (lane: number, round: number) => Promise<void>): Promise<void> {
    const rounds = Math.ceil(CHANGES / LANES);
    await Promise.all(
      services.map(async (_service, lane) => {
        for (let round = 0; round < rounds; round++) await change(lane, round);
      }),
    );
  }

  it('register and deregister, by the npm client', async () => {
    const npm = await npmNacos(chain.nacos.address);
    try {
      for (const [lane, service] of services.entries()) {
        await npm.registerInstance(service, { ip: `10.1.${lane}.250`, port: PORT });
        await npm.registerInstance(service, { ip: `10.1.${lane}.251`, port: PORT });
      }
      await everyLane(async (lane, round) => {
        const service = services[lane]!;
        const ip = `10.2.${lane}.${round}`;
        const add = () => npm.registerInstance(service, { ip, port: PORT });
        await measure('register', service, ip, add, (seen) => seen !== undefined);
        const remove = () => npm.deregisterInstance(service, { ip, port: PORT });
        await measure('deregister', service, ip, remove, (seen) => seen === undefined);
      });
    } finally {
      await npm.close();
    }
  });

  it('weight, metadata, enabled, health, each by itself', async () => {
    const npm = await npmNacos(chain.nacos.address);
    const edited = (lane: number) => `10.3.${lane}.1`;
    const health = (lane: number) => `10.3.${lane}.2`;
    try {
      for (const [lane, serviceName] of services.entries()) {
        await npm.registerInstance(serviceName, { ip: `10.1.${lane}.250`, port: PORT });
        await npm.registerInstance(serviceName, { ip: edited(lane), port: PORT });
        await chain.http.register({ serviceName, ip: health(lane), port: PORT });
      }
      await everyLane(async (lane, round) => {
        const service = services[lane]!;
        const ip = edited(lane);
        // What is edited together stays together: every edit names all three.
        const state = (more: Partial<NacosInstance>) => ({
          ...{ serviceName: service, ip, port: PORT, weight: 2 + (round % 50), enabled: true },
          ...{ metadata: { track: TRACKS[(round + 1) % 2]! } },
          ...more,
        });
        const weight = 2 + (round % 50);
        const track = TRACKS[round % 2]!;
        const edit = (more: Partial<NacosInstance>) => () => chain.http.update(state(more));
        await measure('weight', service, ip, edit({}), (seen) => seen?.weight === weight);
        await measure(
          'metadata',
          service,
          ip,
          edit({ metadata: { track } }),
          (seen) => seen?.track === track,
        );
        // The two that go there and back count twice.
        if (round % 2 === 1) return;
        const off = edit({ metadata: { track }, enabled: false });
        await measure('enabled', service, ip, off, (seen) => seen === undefined);
        await measure('enabled', service, ip, edit({ metadata: { track } }), (seen) => seen !== undefined);
        const beat = { serviceName: service, ip: health(lane), port: PORT };
        const sick = () => chain.http.register({ ...beat, healthy: false });
        await measure('health', service, beat.ip, sick, (seen) => seen === undefined);
        const well = () => chain.http.register({ ...beat, healthy: true });
        await measure('health', service, beat.ip, well, (seen) => seen !== undefined);
      });
    } finally {
      await npm.close();
    }
  });

  it('within the budget', () => {
    console.log(`\n${measuredOn()}\n\n${table.text()}\n`);
    for (const kind of ['register', 'deregister', 'weight', 'metadata', 'enabled', 'health']) {
      assert.ok(table.count(kind) >= CHANGES, `${kind}: ${table.count(kind)} changes`);
      const median = table.quantile(kind, afterStage('Nacos'), 0.5);
      assert.ok(median <= BUDGET_MS, `${kind}: at the sidecar ${median.toFixed(0)} ms after Nacos' push`);
    }
  });
});

function tracks(service: string): string {
  return JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: service, namespace: 'istio-system' },
    spec: {
      host: nacosHost(service),
      subsets: TRACKS.map((track) => ({ name: track, labels: { track } })),
    },
  });
}
