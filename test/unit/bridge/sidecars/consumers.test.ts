/** Who consumes what, as recorded from a real Dubbo 3.3.5 consumer in both registries. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RegistryService } from '../../../../src/bridge/model';
import { DubboLayer } from '../../../../src/bridge/source/nacos/dubbo-layer';
import { isWanted, toInstances, toService } from '../../../../src/bridge/source/nacos/service';
import { Consumers } from '../../../../src/bridge/source/zookeeper/consumers';
import type { NacosInstance } from '../../../../src/nacos';
import { RecordingSink } from '../../../support/bridge/recording-sink';
import { MemoryTree, type Nodes, recorded } from '../zookeeper/recorded-tree';

const GREETING = { interface: 'demo.GreetingService', group: 'g1', version: '1.0.0', application: '' };
const consuming = (services: Iterable<RegistryService>) =>
  [...services]
    .filter(({ kind }) => kind === 'dubbo-consumers')
    .map(({ dubbo, instances }) => ({
      dubbo,
      applications: instances.map(({ metadata }) => metadata['application']),
    }));

describe('bridge: consumers', () => {
  it('in ZooKeeper: by interface, group and version; followed, and gone with their nodes', () => {
    const nodes = recorded('with-consumer');
    const tree = new MemoryTree(nodes);
    const sink = new RecordingSink();
    const consumers = new Consumers(tree, '/dubbo', sink);
    assert.deepEqual(consuming(sink.services.values()), [
      { dubbo: GREETING, applications: ['demo-consumer'] },
    ]);
    const calls = sink.calls.length;
    tree.replace({ ...nodes });
    assert.equal(sink.calls.length, calls, 'nothing new is nothing said');
    const url = encodeURIComponent(
      'consumer://10.0.0.7/demo.GreetingService?application=web&group=g1&version=1.0.0',
    );
    const other = encodeURIComponent('consumer://10.0.0.7/demo.StockService?application=web');
    const added: Nodes = {
      ...nodes,
      [`/dubbo/demo.GreetingService/consumers/${url}`]: '',
      [`/dubbo/demo.StockService/consumers/${other}`]: '',
      '/dubbo/demo.StockService/consumers/nonsense': '',
    };
    tree.replace(added);
    assert.equal(sink.services.size, 2);
    assert.deepEqual(
      sink.services.get('consumers/interface/g1/demo.GreetingService:1.0.0')?.instances.length,
      2,
    );
    tree.replace(Object.fromEntries(Object.entries(nodes).filter(([path]) => !path.includes('/consumers/'))));
    assert.equal(sink.services.size, 0);
    consumers.end();
  });

  it('in Nacos: only where they are wanted', async () => {
    const file = join(__dirname, '../../../../fixtures/recorded/registries/nacos/with-consumer.json');
    const { services } = JSON.parse(readFileSync(file, 'utf8')) as {
      services: { name: string; groupName: string; hosts: NacosInstance[] }[];
    };
    const sink = new RecordingSink();
    const layer = new DubboLayer({
      namespace: 'public',
      config: { consumers: true, askProviders: false, askTimeoutMs: 1_000 },
      sink,
      readConfig: async () => undefined,
      random: () => 0.5,
    });
    const [found] = services.filter(({ name }) => name.startsWith('consumers:'));
    assert.deepEqual([isWanted(found!.name, true), isWanted(found!.name, false)], [true, false]);
    assert.equal(isWanted('routers:x', true), false);
    const asService = toService('public', found!.groupName, found!.name, toInstances(found!.hosts));
    layer.update(asService);
    assert.deepEqual(consuming(sink.services.values()), [
      { dubbo: GREETING, applications: ['demo-consumer'] },
    ]);
    layer.remove(asService.key);
    assert.equal(sink.services.size, 0);
    await layer.stop();
  });
});
