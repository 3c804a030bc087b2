/** Real Dubbo 3.3 providers in every way of registering: each interface and each process once, with what they say of themselves. */
import { strict as assert } from 'node:assert';
import {
  type DubboProvider,
  startDubboProvider,
  startZooKeeper,
  type ZooKeeperServer,
} from '../../../../lab';
import { peer } from '../../../support/peer';
import { Followed } from './world';

interface Mode {
  readonly name: string;
  readonly protocols: readonly ('dubbo' | 'tri')[];
  readonly registerMode: 'interface' | 'instance' | 'all';
  readonly metadata: 'local' | 'remote';
  readonly simplified?: true;
}

/** Local metadata is asked of the provider: by the dubbo protocol, or by tri where it speaks that. */
const MODES: readonly Mode[] = [
  { name: 'interface', protocols: ['dubbo'], registerMode: 'interface', metadata: 'local' },
  {
    name: 'simplified',
    protocols: ['dubbo'],
    registerMode: 'interface',
    metadata: 'local',
    simplified: true,
  },
  { name: 'instance-dubbo', protocols: ['dubbo'], registerMode: 'instance', metadata: 'local' },
  { name: 'instance-tri', protocols: ['tri'], registerMode: 'instance', metadata: 'local' },
  { name: 'instance-remote', protocols: ['dubbo', 'tri'], registerMode: 'instance', metadata: 'remote' },
  { name: 'all', protocols: ['dubbo', 'tri'], registerMode: 'all', metadata: 'local' },
];

describe('Dubbo providers in ZooKeeper', function () {
  this.timeout(180_000);
  let zooKeeper: ZooKeeperServer | undefined;
  let followed: Followed | undefined;
  const providers = new Map<string, DubboProvider>();

  before(async function () {
    zooKeeper = peer(this, await startZooKeeper());
    followed = new Followed(zooKeeper.address);
    const registries = [`zookeeper://${zooKeeper.address}`];
    await Promise.all(
      MODES.map(async ({ name, protocols, registerMode, metadata, simplified }) => {
        const options = [`app=${name}`, `register-mode=${registerMode}`, `metadata-type=${metadata}`];
        options.push(`service=greeting:${name}:1.0.0`, 'weight=30', 'tag=gray', 'param.region=eu');
        if (simplified) options.push('simplified=true');
        const started = await startDubboProvider({ registries, protocols, arguments: options });
        providers.set(name, peer(this, started));
      }),
    );
  });

  after(async () => {
    await followed?.stop();
    await Promise.all([...providers.values()].map((provider) => provider.stop()));
    await zooKeeper?.stop();
  });

  for (const { name, protocols, simplified } of MODES) {
    it(`${name}: the interface and the application, once for each of ${protocols.join(' and ')}`, async () => {
      const { ports } = providers.get(name)!;
      const expected = protocols.map((protocol, index) => `${protocol}://127.0.0.1:${ports[index]} 30`);
      const key = `interface/${name}/demo.GreetingService:1.0.0`;
      await followed!.untilStanding(key, expected);
      await followed!.untilStanding(`application/${name}`, expected);
      const { dubbo, instances } = followed!.sink.services.get(key)!;
      assert.deepEqual(dubbo, {
        interface: 'demo.GreetingService',
        group: name,
        version: '1.0.0',
        application: name,
      });
      for (const { metadata, healthy } of instances) {
        assert.equal(healthy, true);
        assert.equal(metadata['application'], name);
        if (!simplified) assert.equal(`${metadata['dubbo.tag']} ${metadata['region']}`, 'gray eu');
      }
    });
  }

  it('there is nothing else, and no problem', async () => {
    const { sink } = await followed!.synced();
    assert.equal(sink.services.size, 2 * MODES.length);
    assert.deepEqual([...sink.problems.values()], []);
  });

  it('a graceful stop takes them away, whatever they leave behind', async () => {
    const { sink } = followed!;
    await Promise.all([...providers.values()].map((provider) => provider.terminate()));
    await sink.until(() => sink.services.size === 0, 'no service');
    const again = await new Followed(zooKeeper!.address).synced();
    assert.deepEqual([...again.sink.services.keys(), ...again.sink.problems.keys()], []);
    await again.stop();
  });
});
