/** What breaks, with a real ZooKeeper and real providers: nothing that lives may be missing, nothing that died may stay. */
import { strict as assert } from 'node:assert';
import {
  type DubboProvider,
  startDubboProvider,
  startZooKeeper,
  type ZooKeeperServer,
} from '../../../../lab';
import { peer } from '../../../support/peer';
import { ZooKeeperNodes } from '../../../support/registries/zookeeper-nodes';
import { creations } from './nodes';
import { Followed } from './world';

const INTERFACE = 'interface/g1/demo.GreetingService:1.0.0';
const APPLICATION = 'application/demo-provider';
/** Of the providers at ZooKeeper, ms: how long they are listed after their death. */
const SESSION_MS = 6_000;

describe('faults of ZooKeeper and of providers', function () {
  this.timeout(180_000);
  let zooKeeper: ZooKeeperServer | undefined;
  let followed: Followed | undefined;
  const providers: DubboProvider[] = [];
  let expected: string[] = [];

  before(async function () {
    zooKeeper = peer(this, await startZooKeeper({ maxSessionMs: SESSION_MS }));
    const registries = [`zookeeper://${zooKeeper.address}?session=${SESSION_MS}`];
    const options = ['register-mode=all', 'metadata-type=local', 'service=greeting:g1:1.0.0', 'weight=30'];
    const started = await Promise.all(
      [1, 2].map(() => startDubboProvider({ registries, arguments: options })),
    );
    for (const each of started) providers.push(peer(this, each));
    expected = providers.map(({ port }) => `dubbo://127.0.0.1:${port} 30`).sort();
    followed = await new Followed(zooKeeper.address, { sessionTimeoutMs: 3_000 }).synced();
    await followed.untilStanding(INTERFACE, expected);
    await followed.untilStanding(APPLICATION, expected);
  });

  after(async () => {
    await followed?.stop();
    await Promise.all(providers.map((provider) => provider.stop()));
    await zooKeeper?.stop();
  });

  /** Both services have had both instances all the time. */
  function assertNoGap(): void {
    assert.equal(followed!.fewest(INTERFACE), 2);
    assert.equal(followed!.fewest(APPLICATION), 2);
    assert.deepEqual([followed!.standing(INTERFACE), followed!.standing(APPLICATION)], [expected, expected]);
  }

  /** Every provider has registered anew: its instance's node is another one. */
  async function registeredAnew(before: readonly string[]): Promise<void> {
    for (const deadline = Date.now() + 60_000; ; ) {
      const now = await creations(zooKeeper!.address, '/services/demo-provider');
      if (now.length === 2 && now.every((each) => !before.includes(each))) return;
      if (Date.now() > deadline) throw new Error(`not registered anew: ${before} ${now}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  it('ZooKeeper is killed and comes back: the providers register anew, and nobody is missing at any time', async () => {
    const { sink } = followed!;
    const before = await creations(zooKeeper!.address, '/services/demo-provider');
    assert.equal(before.length, 2);
    await zooKeeper!.kill();
    await sink.until(() => sink.sourceState === 'down', 'down');
    assert.match(sink.detail ?? '', /^127\.0\.0\.1:\d+: /);
    await zooKeeper!.start();
    await followed!.synced(2);
    await registeredAnew(before);
    assert.equal(sink.sourceState, 'up');
    assertNoGap();
  });

  it('a server that falls silent is given up; what changed meanwhile is seen after it', async () => {
    const { sink } = followed!;
    zooKeeper!.freeze();
    await sink.until(() => sink.sourceState === 'down', 'down');
    assert.match(sink.detail ?? '', /silent|no answer/);
    zooKeeper!.resume();
    const nodes = await ZooKeeperNodes.connect(zooKeeper!.address);
    const url = encodeURIComponent('dubbo://10.0.0.9:20880/other.Service?application=other&weight=5');
    await nodes.create(`/dubbo/other.Service/providers/${url}`);
    await followed!.untilStanding('interface//other.Service:', ['dubbo://10.0.0.9:20880 5']);
    await nodes.remove(`/dubbo/other.Service/providers/${url}`);
    await followed!.untilStanding('interface//other.Service:', undefined);
    nodes.close();
    await followed!.synced(3);
    assertNoGap();
  });

  it('a provider that is killed leaves when its session ends, the other stays', async () => {
    const [first] = providers;
    await first!.kill();
    const left = expected.filter((each) => !each.includes(`:${first!.port} `));
    await followed!.untilStanding(INTERFACE, left);
    await followed!.untilStanding(APPLICATION, left);
  });

  it('stop ends its session at the server', async () => {
    const sessions = async () =>
      (await zooKeeper!.word('cons')).split('\n').filter((line) => /sid=0x[1-9a-f]/.test(line)).length;
    const before = await sessions();
    await followed!.stop();
    assert.equal(await sessions(), before - 1);
  });
});
