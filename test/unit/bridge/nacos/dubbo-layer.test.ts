/** Dubbo's services as recorded from a real Nacos 3.1 with Dubbo 3.3.5 providers. */

import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DubboLayer } from '../../../../src/bridge/source/nacos/dubbo-layer';
import { isCallable, toInstances, toService } from '../../../../src/bridge/source/nacos/service';
import type { NacosInstance } from '../../../../src/nacos';
import { RecordingSink } from '../../../support/source-sink';

interface Recording {
  readonly services: readonly { name: string; groupName: string; hosts: readonly NacosInstance[] }[];
  readonly configs: readonly { dataId: string; groupName: string; content: string }[];
}

const FOLDER = join(__dirname, '../../../../fixtures/recorded/registries/nacos');

function recording(name: string): Recording {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'));
}

const layers = new Set<DubboLayer>();

/** The sink after everything of a recording was listed, and the layer to go on with. */
async function listed({ services, configs }: Recording) {
  const sink = new RecordingSink();
  const layer = new DubboLayer({
    namespace: 'public',
    config: { consumers: false, askProviders: false, askTimeoutMs: 1_000 },
    sink,
    readConfig: async (dataId, group) =>
      configs.find((each) => each.dataId === dataId && each.groupName === group)?.content,
    random: () => 0.5,
  });
  layers.add(layer);
  const take = (group: string, name: string, hosts: readonly NacosInstance[]) =>
    layer.update(toService('public', group, name, toInstances(hosts)));
  for (const { groupName, name, hosts } of services) if (isCallable(name)) take(groupName, name, hosts);
  await layer.settled();
  return { sink, layer, take };
}

/** `id weight enabled`. */
function facts(sink: RecordingSink, key: string): string[] | undefined {
  return sink.services.get(key)?.instances.map(({ id, weight, enabled }) => `${id} ${weight} ${enabled}`);
}

const GREETING = 'interface/g1/demo.GreetingService:1.0.0';
const STOCK = 'interface//demo.StockService:';

describe("Dubbo's services in Nacos", () => {
  afterEach(async () => {
    for (const layer of layers) await layer.stop();
    layers.clear();
  });

  it('both levels: each provider once, with the weight of its metadata, not of Nacos', async () => {
    const { sink } = await listed(recording('all-remote'));
    const place = 'public/DEFAULT_GROUP/';
    assert.deepEqual([...sink.services.keys()].sort(), [
      `${place}application/demo-provider`,
      `${place}${STOCK}`,
      `${place}${GREETING}`,
    ]);
    const greeting = sink.services.get(place + GREETING)!;
    assert.deepEqual(greeting.dubbo, {
      interface: 'demo.GreetingService',
      group: 'g1',
      version: '1.0.0',
      application: 'demo-provider',
    });
    assert.equal(greeting.kind, 'dubbo-interface');
    assert.deepEqual(facts(sink, place + GREETING), ['dubbo://127.0.0.1:20882 30 true']);
    assert.equal(greeting.instances[0]?.metadata['dubbo.tag'], 'gray');
    const application = sink.services.get(`${place}application/demo-provider`)!;
    assert.equal(application.kind, 'dubbo-application');
    assert.equal(application.instances[0]?.metadata['region'], 'eu');
  });

  it("the registry's group is the place, Dubbo's group part of the name; empty services are none", async () => {
    const { sink } = await listed(recording('interface-group'));
    const dubbo = [...sink.services.values()].filter(({ kind }) => kind !== 'service');
    assert.deepEqual(dubbo.map(({ key, group }) => `${group} ${key}`).sort(), [
      'mygroup public/mygroup/application/app-grp',
      `mygroup public/mygroup/${STOCK}`,
      `mygroup public/mygroup/${GREETING}`,
    ]);
  });

  it('two protocols are two providers', async () => {
    const { sink } = await listed(recording('tri-all'));
    assert.deepEqual(facts(sink, `public/DEFAULT_GROUP/${GREETING}`), [
      'dubbo://127.0.0.1:20882 30 true',
      'tri://127.0.0.1:50082 30 true',
    ]);
  });

  it("a rule's disabled=true switches off, and so does an operator in Nacos", async () => {
    const { sink } = await listed(recording('console-disabled'));
    const greeting = facts(sink, `public/DEFAULT_GROUP/${GREETING}`);
    assert.match(greeting?.find((fact) => fact.startsWith('dubbo:')) ?? '', /false$/);
    const stock = facts(sink, `public/DEFAULT_GROUP/${STOCK}`) ?? [];
    assert.deepEqual(
      stock.map((fact) => fact.split(' ')[0]),
      ['tri://127.0.0.1:50082'],
    );
  });

  it('consumers are left out', async () => {
    const { sink } = await listed(recording('with-consumer'));
    assert.deepEqual(
      [...sink.services.keys()].filter((key) => key.includes('consumers')),
      [],
    );
    assert.equal(sink.services.size, 3);
  });

  it('a revision that nobody has is told, and the application still reported', async () => {
    const { sink } = await listed(recording('instance-local'));
    const key = 'public/DEFAULT_GROUP/application/app-local';
    assert.equal(sink.services.get(key)?.instances.length, 1);
    assert.match([...sink.problems.values()][0]?.reason ?? '', /revision \w+ cannot be read .*last/);
  });

  it('what goes is removed, what is registered beside Dubbo stays a service of its own', async () => {
    const { sink, layer, take } = await listed(recording('all-remote'));
    const [, application] = recording('all-remote').services;
    const hosts = application!.hosts;
    take('DEFAULT_GROUP', 'demo-provider', [...hosts, { ip: '10.0.0.9', port: 8080, metadata: {} }]);
    await layer.settled();
    const plain = sink.services.get('public/DEFAULT_GROUP/demo-provider');
    assert.deepEqual(
      plain?.instances.map(({ address }) => address),
      ['10.0.0.9'],
    );
    take('DEFAULT_GROUP', 'demo-provider', []);
    for (const name of ['providers:demo.GreetingService:1.0.0:g1', 'providers:demo.StockService::'])
      layer.remove(`public/DEFAULT_GROUP/${name}`);
    await layer.settled();
    assert.deepEqual([...sink.services.keys()], ['public/DEFAULT_GROUP/demo-provider']);
    layer.remove('public/DEFAULT_GROUP/demo-provider');
    assert.equal(sink.services.size, 0);
  });
});
