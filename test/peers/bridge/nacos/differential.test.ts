/** The same steps through a real Nacos 3.1 and the in-memory registry: the same answers, the same pushes. */

import { strict as assert } from 'node:assert';
import { type NacosServer, startNacos } from '../../../../lab';
import { type DevNacos, startDevNacos } from '../../../../src/dev/nacos';
import { NacosWire } from '../../../support/nacos-wire';
import { peer } from '../../../support/peer';
import { NacosHttp } from '../../../support/registries/nacos-http';

type Json = Record<string, unknown>;

const SERVICE = { namespace: 'public', groupName: 'GP', serviceName: 'orders' };

function instance(port: number, more: Json = {}): Json {
  const fixed = { ip: '10.1.0.1', weight: 1, healthy: true, enabled: true, ephemeral: true };
  return { ...fixed, port, clusterName: 'DEFAULT', metadata: {}, ...more };
}

/** Numbers, times and words that are each server's own. */
const OWN = new Set([
  'requestId',
  'lastRefTime',
  'connectionId',
  'message',
  'instanceIdGenerator',
  'lastModified',
]);

function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable).sort((a, b) => (text(a) < text(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as Json)
    .filter(([key]) => !OWN.has(key))
    .map(([key, each]) => [key, key === 'abilityTable' ? (each as Json)['fuzzyWatch'] : comparable(each)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
}

function text(value: unknown): string {
  return JSON.stringify(value);
}

function ports(body: Json): number[] {
  return ((body['serviceInfo'] as Json)['hosts'] as { port: number }[]).map(({ port }) => port).sort();
}

/** All answers and pushes of one run of the steps. */
async function story(target: string, http: NacosHttp): Promise<unknown[]> {
  const told: unknown[] = [];
  const subscriber = await NacosWire.open(target);
  const publisher = await NacosWire.open(target);
  const tell = async (wire: NacosWire, type: string, body: Json) => {
    const answer = await wire.request(type, body);
    told.push({ asked: type, type: answer.type, body: comparable(answer.body) });
  };
  /** Waits for a push with exactly these ports, so that the next step is one of its own for the merge delay. */
  const pushed = async (...wanted: number[]) => {
    const fits = (body: Json) => ports(body).join() === wanted.join();
    const body = await subscriber.next('NotifySubscriberRequest', fits);
    told.push({ pushed: comparable(body) });
    subscriber.received.length = 0;
  };
  const list = { namespace: 'public', groupName: 'GP', serviceName: '', pageNo: 1, pageSize: 100 };
  try {
    await tell(subscriber, 'ServerCheckRequest', {});
    await tell(subscriber, 'HealthCheckRequest', {});
    await tell(subscriber, 'ServiceListRequest', list);
    await tell(subscriber, 'SubscribeServiceRequest', { ...SERVICE, subscribe: true, clusters: '' });
    const pattern = { namespace: 'public', groupKeyPattern: 'public>>GP>>*', receivedGroupKeys: [] };
    await tell(subscriber, 'NamingFuzzyWatchRequest', { ...pattern, watchType: 'WATCH', initializing: true });
    told.push(comparable(await subscriber.next('NamingFuzzyWatchSyncRequest')));
    await tell(publisher, 'InstanceRequest', { ...SERVICE, type: 'registerInstance', instance: instance(1) });
    told.push(comparable(await subscriber.next('NamingFuzzyWatchChangeNotifyRequest')));
    await pushed(1);
    await tell(subscriber, 'ServiceListRequest', list);
    const batch = [instance(2, { weight: 2.5, metadata: { a: 'b' } }), instance(3, { healthy: false })];
    const together = { ...SERVICE, type: 'batchRegisterInstance', instances: batch };
    await tell(publisher, 'BatchInstanceRequest', together);
    await pushed(2, 3);
    await tell(subscriber, 'ServiceQueryRequest', {
      ...SERVICE,
      cluster: '',
      healthyOnly: false,
      udpPort: 0,
    });
    const place = { serviceName: 'orders', groupName: 'GP', ip: '10.1.0.1', port: 9, ephemeral: true };
    await http.register(place);
    await pushed(2, 3, 9);
    await http.update({ ...place, weight: 4, metadata: { edited: 'yes' } });
    await pushed(2, 3, 9);
    await http.update({ ...place, weight: 4, metadata: { edited: 'yes' }, enabled: false });
    await pushed(2, 3);
    await http.deregister(place);
    await pushed(2, 3);
    await tell(publisher, 'InstanceRequest', {
      ...SERVICE,
      type: 'deregisterInstance',
      instance: instance(2),
    });
    const gone = (body: Json) => body['changedType'] === 'DELETE_SERVICE';
    told.push(comparable(await subscriber.next('NamingFuzzyWatchChangeNotifyRequest', gone)));
    await pushed();
    await tell(publisher, 'InstanceRequest', { ...SERVICE, type: 'registerInstance', instance: instance(5) });
    await pushed(5);
    publisher.close();
    await pushed();
    await tell(subscriber, 'SubscribeServiceRequest', { ...SERVICE, subscribe: false, clusters: '' });
    await tell(subscriber, 'ServiceListRequest', { ...list, groupName: '*' });
    await tell(subscriber, 'BogusRequest', {});
    await tell(subscriber, 'ConfigQueryRequest', { dataId: 'none', group: 'g', tenant: '' });
    return told;
  } finally {
    publisher.close();
    subscriber.close();
  }
}

describe('the in-memory Nacos and a real one', function () {
  this.timeout(5 * 60_000);
  let real: NacosServer;
  let dev: DevNacos;

  before(async function () {
    real = peer(this, await startNacos());
    dev = await startDevNacos();
    await new NacosHttp(real.address).untilEditable();
  });

  after(async () => {
    await real?.stop();
    await dev?.stop();
  });

  it('tell the same story', async () => {
    const ofReal = await story(`127.0.0.1:${real.grpcPort}`, new NacosHttp(real.address));
    const ofDev = await story(`127.0.0.1:${dev.grpcPort}`, new NacosHttp(dev.address));
    assert.deepEqual(ofDev, ofReal);
    assert.ok(ofReal.length > 25);
  });

  it('refuse in the same way what is not set up', async () => {
    const told: unknown[][] = [];
    for (const port of [real.grpcPort, dev.grpcPort]) {
      const wire = new NacosWire(`127.0.0.1:${port}`);
      const unlabelled = await NacosWire.open(`127.0.0.1:${port}`, 'public', {});
      const answers = [
        await wire.request('HealthCheckRequest', {}),
        await wire.request('SubscribeServiceRequest', { ...SERVICE, subscribe: true, clusters: '' }),
        await unlabelled.request('SubscribeServiceRequest', { ...SERVICE, subscribe: true, clusters: '' }),
      ];
      told.push(answers.map(({ type, body }) => [type, comparable(body)]));
      wire.close();
      unlabelled.close();
    }
    assert.deepEqual(told[1], told[0]);
  });

  it('list by HTTP in the same way', async () => {
    const told: unknown[][] = [];
    const paths = [
      '/v1/ns/service/list?pageNo=1&pageSize=10&namespaceId=public&groupName=H',
      '/v1/ns/instance/list?serviceName=H@@orders&namespaceId=public',
      '/v1/ns/instance/list?serviceName=H@@unknown&namespaceId=public&clusters=c',
      '/v1/ns/operator/metrics',
    ];
    for (const { address } of [real, dev]) {
      await new NacosHttp(address).register({
        serviceName: 'orders',
        groupName: 'H',
        ip: '10.1.0.1',
        port: 80,
      });
      const answers = paths.map(async (path) => (await fetch(`http://${address}/nacos${path}`)).json());
      told.push((await Promise.all(answers)).map(comparable));
    }
    assert.deepEqual(told[1], told[0]);
  });
});
