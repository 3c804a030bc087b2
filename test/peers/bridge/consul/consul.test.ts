/** The Consul source on a real Consul. The tests are steps of one story, in order. */
import { strict as assert } from 'node:assert';
import { Value } from '@sinclair/typebox/value';
import { type ConsulServer, startConsul } from '../../../../lab';
import type { Source } from '../../../../src/bridge/model';
import { type ConsulConfig, consulSchema, createConsulSource } from '../../../../src/bridge/source/consul';
import { RecordingSink, testContext } from '../../../support/bridge/recording-sink';
import { peer } from '../../../support/peer';
import { ConsulHttp, type ConsulService } from '../../../support/registries/consul-http';

const PATIENCE_MS = 60_000;

describe('the Consul source on a real server', function () {
  this.timeout(300_000);
  let server: ConsulServer;
  let consul: ConsulHttp;
  const sources: Source[] = [];
  const sink = new RecordingSink();
  const one: ConsulService = {
    ...{ id: 'o1', name: 'orders', address: '10.1.0.1', port: 8080, weight: 5, checked: true },
    ...{ tags: ['blue', 'lane=a'], meta: { version: 'v1' } },
  };
  const two: ConsulService = { id: 'o2', name: 'orders', address: '10.1.0.2', port: 8080 };

  function follow(into: RecordingSink, config: Partial<ConsulConfig> = {}): void {
    const defaults = Value.Default(consulSchema, { type: 'consul', name: 'c' }) as ConsulConfig;
    const source = createConsulSource({ ...defaults, servers: [server.url], ...config }, testContext());
    sources.push(source);
    source.start(into);
  }

  before(async function () {
    server = peer(this, await startConsul());
    consul = new ConsulHttp(server.url);
    await consul.register(one);
    follow(sink);
  });

  after(async () => {
    await Promise.all(sources.map((source) => source.stop()));
    await server?.stop();
  });

  function until(addresses: readonly string[], what: string, key = 'dc1/orders'): Promise<void> {
    const wanted = JSON.stringify(addresses);
    return sink.until(() => JSON.stringify(sink.addresses(key)) === wanted, what, PATIENCE_MS);
  }

  it("reads what is registered: a check that has not passed yet is critical, Consul's own servers are left out", async () => {
    await sink.until(() => sink.current === 'up' && sink.services.size > 0, 'the state', PATIENCE_MS);
    assert.deepEqual([...sink.services.keys()], ['dc1/orders']);
    assert.deepEqual(sink.services.get('dc1/orders')!.instances, [
      {
        ...{ id: 'lab/o1', address: '10.1.0.1', port: 8080, weight: 5, healthy: false, enabled: true },
        ...{ cluster: 'dc1', metadata: { 'tag.blue': 'true', lane: 'a', version: 'v1' } },
      },
    ]);
  });

  it('follows checks, warnings and maintenance', async () => {
    await consul.setHealth(one, 'pass');
    await until(['10.1.0.1:8080'], 'the passing instance');
    await consul.setHealth(one, 'warn');
    await until([], 'the warning');
    const lax = new RecordingSink();
    follow(lax, { warning: true });
    await lax.until(() => lax.current === 'up', 'the state', PATIENCE_MS);
    assert.deepEqual(
      [lax.addresses('dc1/orders'), lax.services.get('dc1/orders')!.instances[0]!.weight],
      [['10.1.0.1:8080'], 1],
    );
    await consul.setHealth(one, 'pass');
    await until(['10.1.0.1:8080'], 'the passing instance');
    await consul.maintenance(one, true);
    await until([], 'the maintenance');
    assert.equal(sink.services.get('dc1/orders')!.instances[0]!.enabled, false);
    await consul.maintenance(one, false);
    await until(['10.1.0.1:8080'], 'its end');
  });

  it('follows instances, weights, services that come and go', async () => {
    await consul.register(two);
    await until(['10.1.0.1:8080', '10.1.0.2:8080'], 'the second instance');
    await consul.register({ ...two, weight: 7 });
    const weight = () => sink.services.get('dc1/orders')?.instances.find(({ id }) => id === 'lab/o2')?.weight;
    await sink.until(() => weight() === 7, 'the weight', PATIENCE_MS);
    const stock = { ...two, id: 's1', name: 'stock' };
    await consul.register(stock);
    await until(['10.1.0.2:8080'], 'the new service', 'dc1/stock');
    await consul.deregister(stock);
    await sink.until(() => sink.calls.includes('remove dc1/stock'), 'its removal', PATIENCE_MS);
  });

  it('follows more services than it may wait for', async () => {
    const many = Array.from({ length: 20 }, (_, i) => ({
      ...two,
      id: `m${i}`,
      name: `many-${i}`,
      checked: true,
    }));
    for (const each of many) await consul.register(each);
    const few = new RecordingSink();
    follow(few, { maxConnections: 8, sweepIntervalMs: 200, datacenters: 'all' });
    await few.until(() => few.current === 'up' && few.services.size === 21, 'all of them', PATIENCE_MS);
    await consul.setHealth(many[3]!, 'pass');
    await few.until(() => few.addresses('dc1/many-3').length === 1, 'the passing check', PATIENCE_MS);
    await consul.register({ ...two, weight: 3 });
    const weight = () => few.services.get('dc1/orders')?.instances.find(({ id }) => id === 'lab/o2')?.weight;
    await few.until(() => weight() === 3, 'the weight, which no check tells', PATIENCE_MS);
    for (const each of many) await consul.deregister(each);
    await few.until(() => few.services.size === 1, 'the removals', PATIENCE_MS);
    await sink.until(() => sink.services.size === 1, 'the removals', PATIENCE_MS);
  });

  it('keeps the state over a crash of the server, and goes on when it is back with its data', async () => {
    await server.kill();
    await sink.until(() => sink.current === 'down', 'the outage', PATIENCE_MS);
    assert.equal(sink.addresses('dc1/orders').length, 2);
    await server.start();
    await sink.until(() => sink.current === 'up', 'the return', PATIENCE_MS);
    await consul.deregister(two);
    await until(['10.1.0.1:8080'], 'the first instance alone');
    assert.ok(!sink.calls.includes('remove dc1/orders'));
  });
});

describe('the Consul source on a real server with access control', function () {
  this.timeout(300_000);
  let server: ConsulServer | undefined;
  const sources: Source[] = [];
  const TOKEN = '6b2a0cf4-0000-4000-8000-000000000001';

  after(async () => {
    await Promise.all(sources.map((source) => source.stop()));
    await server?.stop();
  });

  it('is refused with a sentence, and reads all with the token', async function () {
    const tokens = { initial_management: TOKEN, agent: TOKEN };
    server = peer(
      this,
      await startConsul({ config: { acl: { enabled: true, default_policy: 'deny', tokens } } }),
    );
    const follow = (token: string) => {
      const defaults = Value.Default(consulSchema, { type: 'consul', name: 'c' }) as ConsulConfig;
      const config = { ...defaults, servers: [server!.url], token, exclude: [] };
      const source = createConsulSource(config, testContext());
      sources.push(source);
      const sink = new RecordingSink();
      source.start(sink);
      return sink;
    };
    const wrong = follow('00000000-0000-4000-8000-00000000dead');
    await wrong.until(() => wrong.current === 'down', 'the refusal', PATIENCE_MS);
    assert.match(wrong.detail!, /refuses the token \(403: ACL not found\); check `token`/);
    const right = follow(TOKEN);
    await right.until(() => right.services.has('dc1/consul'), 'the state', PATIENCE_MS);
  });
});
