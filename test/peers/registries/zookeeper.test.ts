/** The lab's ZooKeeper and Dubbo peers do what the bridge's tests ask of them. */
import { strict as assert } from 'node:assert';
import {
  type DubboConsumer,
  type DubboProvider,
  startDubboConsumer,
  startDubboProvider,
  startZooKeeper,
  type ZooKeeperServer,
} from '../../../lab';
import { eventually } from '../../support/load';
import { peer } from '../../support/peer';
import { ZooKeeperNodes } from '../../support/registries/zookeeper-nodes';

describe("the lab's ZooKeeper and Dubbo", function () {
  this.timeout(300_000);
  let server: ZooKeeperServer;
  let nodes: ZooKeeperNodes;
  const stops: (DubboProvider | DubboConsumer)[] = [];

  before(async function () {
    server = peer(this, await startZooKeeper());
    nodes = await ZooKeeperNodes.connect(server.address);
  });

  after(async () => {
    await Promise.all(stops.map((each) => each.stop()));
    nodes?.close();
    await server?.stop();
  });

  it('keeps nodes over a crash', async () => {
    await nodes.create('/lab/kept', 'yes');
    await server.kill();
    await server.start();
    const { value } = await eventually(
      'the node',
      () => nodes.data('/lab/kept').catch(() => undefined),
      30_000,
    );
    assert.equal(value, 'yes');
  });

  it('a provider registers both ways and answers; it leaves no instance behind', async function () {
    const registries = [`zookeeper://${server.address}`];
    const provider = peer(
      this,
      await startDubboProvider({ registries, arguments: ['register-mode=all', 'id=p1'] }),
    );
    stops.push(provider);
    const [url = ''] = await nodes.children('/dubbo/demo.GreetingService/providers');
    assert.ok(
      decodeURIComponent(url).startsWith(`dubbo://127.0.0.1:${provider.port}/demo.GreetingService?`),
      url,
    );
    assert.deepEqual(await nodes.children('/services/demo-provider'), [`127.0.0.1:${provider.port}`]);
    const consumer = peer(this, await startDubboConsumer([`url=dubbo://127.0.0.1:${provider.port}`]));
    stops.push(consumer);
    assert.match(await consumer.call('greet lab'), /^OK \d+ hello lab from p1$/);
    await provider.terminate();
    await eventually('no instance', async () =>
      (await nodes.children('/services/demo-provider')).length === 0 ? true : undefined,
    );
  });
});
