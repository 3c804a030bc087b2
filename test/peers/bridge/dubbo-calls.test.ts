/** Real Dubbo providers, registered both ways, are called through the mesh: by a Dubbo consumer over Envoy, by an application over HTTP. */
import { strict as assert } from 'node:assert';
import {
  type DubboProvider,
  type Istiod,
  startDubboConsumer,
  startDubboProvider,
  startIstiod,
  startNacos,
  startZooKeeper,
} from '../../../lab';
import { Caller } from '../../support/caller';
import { eventually } from '../../support/load';
import { peer } from '../../support/peer';
import { type BridgeProcess, startBridgeProcess } from '../../support/registries/bridge-process';
import { startTcpEnvoy } from '../../support/registries/tcp-envoy';

const GREETING = 'demo.greetingservice.g1.1-0-0.dubbo';
const STOCK = 'demo.stockservice.dubbo';
/** Each interface of each protocol and each application once, though every provider registers twice. */
const HOSTS = ['demo-provider.dubbo', GREETING, STOCK, `grpc.${GREETING}`, 'stock.dubbo'].sort();
/** tri is gRPC; this one is called as plain HTTP with JSON, which tri speaks as well. */
const OVERRIDES = [
  { match: { service: 'demo.StockService' }, protocol: 'http' },
  { match: { service: 'stock' }, protocol: 'http' },
];

const REGISTRIES = {
  zookeeper: () => startZooKeeper(),
  nacos: () => startNacos(),
} as const;

for (const kind of Object.keys(REGISTRIES) as (keyof typeof REGISTRIES)[]) {
  describe(`Dubbo providers in ${kind}, called through the mesh`, function () {
    this.timeout(300_000);
    const stops: (() => Promise<void>)[] = [];
    let bridge: BridgeProcess;
    let istiod: Istiod;

    before(async function () {
      const registry = peer(this, await REGISTRIES[kind]());
      stops.unshift(() => registry.stop());
      const start = async (protocols: ('dubbo' | 'tri')[], ...more: string[]): Promise<DubboProvider> => {
        const registries = [`${kind}://${registry.address}`];
        const options = { registries, protocols, arguments: ['register-mode=all', ...more] };
        const provider = peer(this, await startDubboProvider(options));
        stops.unshift(() => provider.stop());
        return provider;
      };
      await Promise.all([
        start(['dubbo', 'tri'], 'id=p1', 'service=greeting:g1:1.0.0'),
        start(['tri'], 'app=stock', 'id=p2', 'service=stock'),
      ]);
      bridge = await startBridgeProcess({
        sources: [{ type: kind, name: kind, servers: [registry.address], convert: { overrides: OVERRIDES } }],
      });
      stops.unshift(() => bridge.stop());
      istiod = peer(this, await startIstiod({ configSources: [bridge.configSource] }));
      stops.unshift(() => istiod.stop());
    });

    afterEach(async function () {
      if (this.currentTest?.state !== 'failed') return;
      const rejected = JSON.stringify(await bridge.rejected(), null, 1);
      console.log(bridge.log().slice(-3000), [...(await bridge.served()).keys()], rejected);
    });

    after(async () => {
      const registry = stops.pop();
      // Providers take their time to leave a registry, and longer when it is gone.
      await Promise.all(stops.map((stop) => stop()));
      await registry?.();
    });

    it('serves each interface and each application once', async () => {
      const { value } = await eventually(
        'all hosts',
        async () => {
          const served = await bridge.served();
          return HOSTS.every((host) => served.has(host)) ? served : undefined;
        },
        60_000,
      );
      assert.deepEqual([...value.keys()].sort(), HOSTS);
      for (const { host, endpoints } of value.values()) assert.equal(endpoints.length, 1, host);
    });

    it("a Dubbo consumer reaches the dubbo port over istiod's own listener in a real Envoy", async function () {
      const entry = (await bridge.served()).get(GREETING)!;
      const { envoy, port } = peer(this, await startTcpEnvoy(istiod.xdsAddress, entry.addresses[0]!, 20_880));
      stops.unshift(() => envoy.stop());
      const to = [`url=dubbo://127.0.0.1:${port}`, 'group=g1', 'version=1.0.0'];
      const consumer = peer(this, await startDubboConsumer(to));
      stops.unshift(() => consumer.stop());
      assert.match(await consumer.call('greet mesh'), /^OK \d+ hello mesh from p1$/);
    });

    it('an application under inmesh reaches tri by HTTP with JSON', async () => {
      const caller = await Caller.start({
        env: { INMESH_XDS: `grpc://${istiod.xdsAddress}`, POD_NAME: 'web' },
      });
      stops.unshift(() => caller.stop());
      const answer = await caller.call(`http://${STOCK}/demo.StockService/level`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '["four"]',
      });
      assert.deepEqual([answer.status, answer.body], [200, '4'], `${JSON.stringify(answer)} ${caller.log()}`);
    });
  });
}
