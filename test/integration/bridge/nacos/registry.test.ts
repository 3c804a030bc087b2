/** The in-memory registry for whom it is made: the unmodified npm client. */

import { strict as assert } from 'node:assert';
import { type DevNacos, startDevNacos } from '../../../../src/dev/nacos';
import { NacosClient, type NacosHost } from '../../../support/nacos-client';
import { NacosWire } from '../../../support/nacos-wire';

/** Collects lists and resolves when one fits. */
function follow(client: NacosClient, service: string) {
  const lists: NacosHost[][] = [];
  let check: () => void = () => undefined;
  client.subscribe(service, (hosts) => {
    lists.push(hosts);
    check();
  });
  const until = (fits: (hosts: NacosHost[]) => boolean) =>
    new Promise<NacosHost[]>((resolve) => {
      check = () => {
        const last = lists.at(-1);
        if (last && fits(last)) resolve(last);
      };
      check();
    });
  return { lists, until };
}

describe('the in-memory Nacos', function () {
  this.timeout(60_000);
  let server: DevNacos;
  const clients: NacosClient[] = [];

  async function client(): Promise<NacosClient> {
    const one = await NacosClient.start(server.address);
    clients.push(one);
    return one;
  }

  beforeEach(async () => {
    server = await startDevNacos({ mergeDelayMs: 10, unhealthyMs: 600, removeMs: 1_200 });
  });

  afterEach(async () => {
    for (const one of clients.splice(0)) await one.close();
    await server.stop();
  });

  it('serves an unmodified client: register, subscribe with pushes, edit, deregister', async () => {
    const [provider, consumer] = [await client(), await client()];
    await provider.register('orders', 8080, { weight: 2, metadata: { version: 'v1' } });
    const { until } = follow(consumer, 'orders');
    const [first] = await until((hosts) => hosts.length === 1);
    assert.deepEqual(
      { port: first?.port, weight: first?.weight, metadata: first?.metadata },
      { port: 8080, weight: 2, metadata: { version: 'v1' } },
    );
    await provider.register('orders', 8081);
    await until((hosts) => hosts.length === 2);
    const edit = new URLSearchParams({ serviceName: 'DEFAULT_GROUP@@orders', ip: '127.0.0.1', port: '8080' });
    edit.set('metadata', JSON.stringify({ version: 'v2' }));
    edit.set('weight', '5');
    await fetch(`http://${server.address}/nacos/v1/ns/instance?${edit}`, { method: 'PUT' });
    const edited = await until((hosts) => hosts.some(({ weight }) => weight === 5));
    assert.deepEqual(edited.find(({ port }) => port === 8080)?.metadata, { version: 'v2' });
    await provider.deregister('orders', 8080);
    const left = await until((hosts) => hosts.length === 1);
    assert.equal(left[0]?.port, 8081);
    assert.equal((await consumer.hosts('orders')).length, 1);
  });

  it('lets an instance without beats become unhealthy, then go', async () => {
    const consumer = await client();
    const place = 'serviceName=orders&ip=127.0.0.1&port=1';
    await fetch(`http://${server.address}/nacos/v1/ns/instance?${place}`, { method: 'POST' });
    const wire = await NacosWire.open(`${server.host}:${server.grpcPort}`);
    const service = { namespace: 'public', groupName: 'DEFAULT_GROUP', serviceName: 'orders', clusters: '' };
    await wire.request('SubscribeServiceRequest', { ...service, subscribe: true });
    const hostsOf = (body: Record<string, unknown>) =>
      (body['serviceInfo'] as { hosts: NacosHost[] }).hosts.map(({ healthy }) => healthy);
    await wire.next('NotifySubscriberRequest', (body) => hostsOf(body).join() === 'false');
    await wire.next('NotifySubscriberRequest', (body) => hostsOf(body).length === 0);
    wire.close();
    assert.deepEqual(await consumer.hosts('orders'), []);
  });

  it('tells a beat of an unknown instance to say more, or takes it as a registration', async () => {
    const beat = async (query: string) =>
      (await fetch(`http://${server.address}/nacos/v1/ns/instance/beat?${query}`, { method: 'PUT' })).json();
    const place = 'serviceName=orders&ip=127.0.0.1&port=1';
    assert.equal(((await beat(place)) as { code: number }).code, 20_404);
    const full = encodeURIComponent(JSON.stringify({ ip: '127.0.0.1', port: 1, cluster: 'DEFAULT' }));
    assert.equal(((await beat(`${place}&beat=${full}`)) as { code: number }).code, 10_200);
    assert.equal((await (await client()).hosts('orders')).length, 1);
  });

  it('forgets with a gRPC connection what it published, as after a crash', async () => {
    const target = `${server.host}:${server.grpcPort}`;
    const service = { namespace: 'public', groupName: 'DEFAULT_GROUP', serviceName: 'orders' };
    const [publisher, other] = [await NacosWire.open(target), await NacosWire.open(target)];
    const instance = { ip: '10.0.0.1', port: 1, metadata: {} };
    await publisher.request('InstanceRequest', { ...service, type: 'registerInstance', instance });
    const query = async () => {
      const { body } = await other.request('ServiceQueryRequest', { ...service, cluster: '' });
      return (body['serviceInfo'] as { hosts: unknown[] }).hosts.length;
    };
    assert.equal(await query(), 1);
    await other.request('SubscribeServiceRequest', { ...service, subscribe: true, clusters: '' });
    publisher.close();
    await other.next('NotifySubscriberRequest');
    assert.equal(await query(), 0);
    other.close();
  });
});
