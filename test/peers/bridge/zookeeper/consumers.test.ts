/** Who consumes what, in a real ZooKeeper: read only when asked for, followed, and gone with its session. */
import { strict as assert } from 'node:assert';
import { startZooKeeper, type ZooKeeperServer } from '../../../../lab';
import { peer } from '../../../support/peer';
import { ZooKeeperNodes } from '../../../support/registries/zookeeper-nodes';
import { Followed } from './world';

const KEY = 'consumers/interface/g1/demo.Orders:1.0';

function consumer(application: string, host: string): string {
  const query = `application=${application}&category=consumers&group=g1&interface=demo.Orders&side=consumer&version=1.0`;
  return `/dubbo/demo.Orders/consumers/${encodeURIComponent(`consumer://${host}/demo.Orders?${query}`)}`;
}

describe("Dubbo's consumers in ZooKeeper", function () {
  this.timeout(120_000);
  let zooKeeper: ZooKeeperServer | undefined;
  let nodes: ZooKeeperNodes | undefined;
  const all: Followed[] = [];

  before(async function () {
    zooKeeper = peer(this, await startZooKeeper());
    nodes = await ZooKeeperNodes.connect(zooKeeper.address);
  });

  after(async () => {
    for (const each of all) await each.stop();
    nodes?.close();
    await zooKeeper?.stop();
  });

  const follow = async (more: object) => {
    const followed = new Followed(zooKeeper!.address, more);
    all.push(followed);
    return followed.synced();
  };

  it('are there at the synchronisation, change, and leave; without `consumers` they are not read', async () => {
    await nodes!.create(consumer('web', '10.0.0.1'), '', true);
    const followed = await follow({ dubbo: { consumers: true } });
    const applications = () =>
      followed.sink.services.get(KEY)?.instances.map(({ metadata }) => metadata['application']);
    assert.deepEqual(applications(), ['web']);
    await nodes!.create(consumer('jobs', '10.0.0.2'), '', true);
    await followed.sink.until(() => applications()?.length === 2, 'a second consumer');
    const without = await follow({});
    assert.equal(without.sink.services.size, 0);
    for (const each of [consumer('web', '10.0.0.1'), consumer('jobs', '10.0.0.2')]) await nodes!.remove(each);
    await followed.sink.until(() => applications() === undefined, 'no consumer');
  });
});
