import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  type EurekaAnswer,
  type EurekaInstance,
  readAnswer,
} from '../../../../src/bridge/source/eureka/answer';
import { EurekaRegistry } from '../../../../src/bridge/source/eureka/registry';
import { serviceOf } from '../../../../src/bridge/source/eureka/service';

const RECORDED = join(__dirname, '..', '..', '..', '..', 'fixtures', 'recorded', 'registries', 'eureka');
const recorded = (name: string) => readFileSync(join(RECORDED, name), 'utf8');

/** With its instances read. */
interface Answer extends EurekaAnswer {
  readonly instances: readonly EurekaInstance[];
}

function answerOf(instance: object, applications: object = {}): Answer {
  const { hash, instances } = readAnswer(
    JSON.stringify({
      applications: {
        apps__hashcode: '',
        application: [{ name: 'A', instance: [instance] }],
        ...applications,
      },
    }),
  );
  return { hash, instances: [...instances] };
}

const UP = { instanceId: 'i', ipAddr: '10.0.0.1', hostName: 'h', status: 'UP' };

describe("Eureka's answers", () => {
  it('are read as a Eureka 4.3.0 server wrote them', async () => {
    const registry = await EurekaRegistry.of(readAnswer(recorded('apps.json')));
    const { service, problems } = serviceOf('ORDERS', registry.apps.get('ORDERS')!.values(), 'ip');
    assert.equal(problems.size, 0);
    const instance = (id: string, port: number) => ({
      ...{ address: '127.0.0.1', weight: 1, healthy: true, enabled: true, cluster: 'z1', zone: 'z1' },
      ...{ metadata: { zone: 'z1', version: 'v1' }, id, port },
    });
    assert.deepEqual(service, {
      ...{ key: 'ORDERS', kind: 'service', namespace: '', group: '', name: 'ORDERS' },
      metadata: { vipAddress: 'orders' },
      instances: [instance('orders-1', 18001), instance('orders-2', 18002)],
    });
  });

  it('lead from nothing by a delta to the hash of the full answer', async () => {
    const full = readAnswer(recorded('apps.json'));
    assert.equal((await EurekaRegistry.of(readAnswer(recorded('apps.json')))).hash, full.hash);
    const registry = new EurekaRegistry();
    assert.deepEqual([...registry.apply(readAnswer(recorded('apps-delta.json')))], ['ORDERS']);
    assert.equal(registry.hash, full.hash);
  });

  it('hash every status in alphabetical order, as Netflix does', async () => {
    const statuses = ['UP', 'STARTING', 'DOWN', 'UP', 'OUT_OF_SERVICE'];
    const instance = statuses.map((status, index) => ({ ...UP, instanceId: `i${index}`, status }));
    const answer = answerOf({}, { application: [{ name: 'A', instance }] });
    assert.equal((await EurekaRegistry.of(answer)).hash, 'DOWN_1_OUT_OF_SERVICE_1_STARTING_1_UP_2_');
  });

  it('may be empty', () => {
    const { hash, instances } = readAnswer('{"applications":{"versions__delta":"1","apps__hashcode":""}}');
    assert.deepEqual([hash, [...instances]], ['', []]);
  });

  it("of Amazon's instances are told apart by the instance's own id", () => {
    const { instances } = answerOf({
      ...UP,
      instanceId: undefined,
      dataCenterInfo: {
        name: 'Amazon',
        metadata: { 'instance-id': 'i-1', 'availability-zone': 'us-east-1c' },
      },
    });
    assert.deepEqual([instances[0]!.id, instances[0]!.zone], ['i-1', 'us-east-1c']);
  });

  it('give one record for each enabled port, the secure one with https', () => {
    const ports = (plain: boolean, secure: boolean) => {
      const { instances } = answerOf({
        ...UP,
        port: { $: '8080', '@enabled': String(plain) },
        securePort: { $: 8443, '@enabled': secure },
      });
      const { service, problems } = serviceOf('A', instances, 'ip');
      return [service.instances.map(({ id, port, protocol }) => `${id} ${port} ${protocol}`), problems.size];
    };
    assert.deepEqual(ports(true, false), [['i 8080 undefined'], 0]);
    assert.deepEqual(ports(false, true), [['i 8443 https'], 0]);
    assert.deepEqual(ports(true, true), [['i 8080 undefined', 'i:secure 8443 https'], 0]);
    assert.deepEqual(ports(false, false), [[], 1]);
  });

  it('tell health and what an operator switched off by the status', () => {
    const of = (status: string) => {
      const { service } = serviceOf('A', answerOf({ ...UP, status, port: 1 }).instances, 'ip');
      const { healthy, enabled } = service.instances[0]!;
      return [healthy, enabled];
    };
    assert.deepEqual(of('UP'), [true, true]);
    assert.deepEqual(of('OUT_OF_SERVICE'), [true, false]);
    assert.deepEqual(of('DOWN'), [false, true]);
    assert.deepEqual(of('STARTING'), [false, true]);
    assert.deepEqual(of('UNKNOWN'), [false, true]);
  });

  it('give the host name when asked, each for want of the other', () => {
    const of = (address: 'ip' | 'hostname', instance: object) =>
      serviceOf('A', answerOf({ ...UP, port: 1, ...instance }).instances, address).service.instances[0]!
        .address;
    assert.equal(of('ip', {}), '10.0.0.1');
    assert.equal(of('hostname', {}), 'h');
    assert.equal(of('ip', { ipAddr: '' }), 'h');
    assert.equal(of('hostname', { hostName: '' }), '10.0.0.1');
  });

  it('never do more than be refused with a sentence', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          for (const each of readAnswer(text).instances) assert.ok(each);
        } catch (error) {
          assert.match((error as Error).message, /^the answer /);
        }
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { instances: lazy } = readAnswer(
          JSON.stringify({ applications: { application: { name: 'A', instance: [UP, value] } } }),
        );
        const instances = [...lazy];
        assert.ok(instances.some(({ id }) => id === 'i'));
        const registry = new EurekaRegistry();
        registry.apply({ hash: '', instances });
        for (const [app, each] of registry.apps) serviceOf(app, each.values(), 'ip');
      }),
    );
  });
});
