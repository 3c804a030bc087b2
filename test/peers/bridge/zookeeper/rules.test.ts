/** Dubbo's rules as an administrator writes them, with a real provider. */
import { strict as assert } from 'node:assert';
import {
  type DubboProvider,
  startDubboProvider,
  startZooKeeper,
  type ZooKeeperServer,
} from '../../../../lab';
import { peer } from '../../../support/peer';
import { ZooKeeperNodes } from '../../../support/registries/zookeeper-nodes';
import { Followed } from './world';

const KEY = 'interface/g1/demo.GreetingService:1.0.0';
const RULE = '/dubbo/config/dubbo/demo.GreetingService:1.0.0:g1.configurators';

function rule(config: string): string {
  return `configVersion: v3.0\nscope: service\nkey: g1/demo.GreetingService:1.0.0\nenabled: true\nconfigs:\n${config}`;
}

describe('Dubbo rules in ZooKeeper', function () {
  this.timeout(120_000);
  let zooKeeper: ZooKeeperServer | undefined;
  let provider: DubboProvider | undefined;
  let followed: Followed | undefined;
  let nodes: ZooKeeperNodes | undefined;
  let id = '';

  before(async function () {
    zooKeeper = peer(this, await startZooKeeper());
    nodes = await ZooKeeperNodes.connect(zooKeeper.address);
    const options = ['register-mode=all', 'metadata-type=remote', 'service=greeting:g1:1.0.0', 'weight=30'];
    const registries = [`zookeeper://${zooKeeper.address}`];
    provider = peer(this, await startDubboProvider({ registries, arguments: options }));
    id = `dubbo://127.0.0.1:${provider.port}`;
    followed = await new Followed(zooKeeper.address).synced();
    await followed.untilStanding(KEY, [`${id} 30`]);
  });

  after(async () => {
    await followed?.stop();
    nodes?.close();
    await provider?.stop();
    await zooKeeper?.stop();
  });

  it("a provider's own rule arrives in its data, at both levels, without a gap", async () => {
    await nodes!.create(RULE, rule('- side: provider\n  parameters: {weight: 7}\n'));
    await followed!.untilStanding(KEY, [`${id} 7`]);
    await followed!.untilStanding('application/demo-provider', [`${id} 7`]);
    await nodes!.setData(RULE, rule('- side: provider\n  parameters: {disabled: true}\n'));
    await followed!.untilStanding(KEY, [`${id} 30 off`]);
    const off = rule('- side: provider\n  parameters: {disabled: true}\n').replace(
      'enabled: true',
      'enabled: false',
    );
    await nodes!.setData(RULE, off);
    await followed!.untilStanding(KEY, [`${id} 30`]);
    assert.equal(followed!.fewest(KEY), 1);
  });

  it('a rule that every consumer applies is applied, though the data stay', async () => {
    const everybody = `- side: consumer\n  addresses: ["0.0.0.0"]\n  providerAddresses: ["127.0.0.1:${provider!.port}"]\n`;
    await nodes!.setData(RULE, rule(`${everybody}  parameters: {weight: 1}\n`));
    await followed!.untilStanding(KEY, [`${id} 1`]);
    await nodes!.setData(RULE, rule(`${everybody}  parameters: {disabled: true}\n`));
    await followed!.untilStanding(KEY, [`${id} 30 off`]);
  });

  it('a rule that is no YAML leaves the former in force and is told; its removal ends both', async () => {
    const { sink } = followed!;
    await nodes!.setData(RULE, '{');
    await sink.until(() => sink.problems.size === 1, 'a problem');
    assert.match(
      [...sink.problems.values()][0]!.reason,
      /^the rule is unusable, the former one stays in force: it is not YAML/,
    );
    assert.deepEqual(followed!.standing(KEY), [`${id} 30 off`]);
    await nodes!.remove(RULE);
    await followed!.untilStanding(KEY, [`${id} 30`]);
    assert.equal(sink.problems.size, 0);
  });

  it('a rule for some consumers is told, not applied', async () => {
    const { sink } = followed!;
    await nodes!.create(
      RULE,
      rule('- side: consumer\n  addresses: ["10.9.9.9"]\n  parameters: {weight: 1}\n'),
    );
    await sink.until(() => sink.problems.size === 1, 'a problem');
    assert.match([...sink.problems.values()][0]!.reason, /name single consumers/);
    assert.deepEqual(followed!.standing(KEY), [`${id} 30`]);
    await nodes!.remove(RULE);
    await sink.until(() => sink.problems.size === 0, 'no problem');
  });
});
