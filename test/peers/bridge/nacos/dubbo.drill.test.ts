/** A real Dubbo 3.3 provider in a real Nacos, at every level: the right services, each provider once. */

import { strict as assert } from 'node:assert';
import { type DubboProvider, type NacosServer, startDubboProvider, startNacos } from '../../../../lab';
import { startNacosSource, stopNacosSources } from '../../../support/nacos-bridge';
import { drill, peer } from '../../../support/peer';

const PATIENCE_MS = 120_000;
const PLACE = 'public/DEFAULT_GROUP/';

interface Mode {
  readonly registers: 'interface' | 'instance' | 'all';
  readonly metadata: 'local' | 'remote';
}

const ALL: readonly Mode[] = (['interface', 'instance', 'all'] as const).flatMap((registers) =>
  (['local', 'remote'] as const).map((metadata) => ({ registers, metadata })),
);
const SOME: readonly Mode[] = [
  { registers: 'instance', metadata: 'local' },
  { registers: 'all', metadata: 'remote' },
];

describe('a real Dubbo provider in a real Nacos', function () {
  this.timeout(5 * 60_000);
  let nacos: NacosServer;
  let provider: DubboProvider | undefined;

  before(async function () {
    nacos = peer(this, await startNacos());
  });

  afterEach(async () => {
    await stopNacosSources();
    await provider?.stop();
    provider = undefined;
  });

  after(() => nacos?.stop());

  for (const { registers, metadata } of drill({ short: SOME, full: ALL })) {
    it(`register-mode=${registers}, metadata-type=${metadata}, by dubbo and tri`, async function () {
      const { sink } = startNacosSource({ servers: [nacos.address], listIntervalMs: 1_000 });
      await sink.until(() => sink.syncs === 1, 'the synchronisation', PATIENCE_MS);
      provider = peer(
        this,
        await startDubboProvider({
          registries: [`nacos://${nacos.address}`],
          protocols: ['dubbo', 'tri'],
          arguments: [
            ...[
              `register-mode=${registers}`,
              `metadata-type=${metadata}`,
              `app=app-${registers}-${metadata}`,
            ],
            ...['service=greeting:g1:1.0.0', 'service=stock', 'weight=30', 'tag=gray'],
          ],
        }),
      );
      const [dubbo, tri] = provider.ports;
      const wanted = [`dubbo://127.0.0.1:${dubbo} 30 gray`, `tri://127.0.0.1:${tri} 30 gray`];
      const found = (name: string) =>
        (sink.services.get(PLACE + name)?.instances ?? []).map(
          ({ id, weight, metadata: own }) => `${id} ${weight} ${own['dubbo.tag']}`,
        );
      const interfaces = ['interface/g1/demo.GreetingService:1.0.0', 'interface//demo.StockService:'];
      for (const name of interfaces)
        await sink.until(() => found(name).join() === wanted.join(), `${wanted} in ${name}`, PATIENCE_MS);
      const application = `${PLACE}application/app-${registers}-${metadata}`;
      await sink.until(() => sink.services.has(application), 'the application', PATIENCE_MS);
      assert.deepEqual(
        [...sink.services.values()].filter(
          ({ kind, instances }) => kind === 'service' && instances.length > 0,
        ),
        [],
      );
      if (registers === 'all') {
        await publishRule(nacos, 'demo.GreetingService:1.0.0:g1', 7);
        const ruled = wanted.map((each) => each.replace(' 30 ', ' 7 '));
        const greeting = interfaces[0]!;
        await sink.until(() => found(greeting).join() === ruled.join(), 'the weight of a rule', PATIENCE_MS);
      }
      await provider.terminate();
      const gone = () => [...sink.services.values()].every(({ instances }) => instances.length === 0);
      await sink.until(gone, 'nothing left', PATIENCE_MS);
    });
  }
});

/** A rule that every consumer applies by itself. */
async function publishRule(nacos: NacosServer, key: string, weight: number): Promise<void> {
  const configs = [{ side: 'consumer', addresses: ['0.0.0.0'], parameters: { weight } }];
  const content = JSON.stringify({ configVersion: 'v3.0', scope: 'service', key, enabled: true, configs });
  const body = new URLSearchParams({ dataId: `${key}.configurators`, group: 'dubbo', content });
  const answer = await fetch(`http://${nacos.address}/nacos/v1/cs/configs`, { method: 'POST', body });
  assert.equal(await answer.text(), 'true');
}
