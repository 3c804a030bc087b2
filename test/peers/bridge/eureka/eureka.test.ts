/** The Eureka source on a real Eureka server. The tests are steps of one story, in order. */
import { strict as assert } from 'node:assert';
import { Value } from '@sinclair/typebox/value';
import { type EurekaServer, startEureka } from '../../../../lab';
import type { Source } from '../../../../src/bridge/model';
import { createEurekaSource, type EurekaConfig, eurekaSchema } from '../../../../src/bridge/source/eureka';
import { RecordingSink, testContext } from '../../../support/bridge/recording-sink';
import { peer } from '../../../support/peer';
import { EurekaHttp, type EurekaInstance } from '../../../support/registries/eureka-http';

const PATIENCE_MS = 60_000;

describe('the Eureka source on a real server', function () {
  this.timeout(300_000);
  let server: EurekaServer;
  let eureka: EurekaHttp;
  let source: Source;
  const sink = new RecordingSink();
  const lines: string[] = [];
  const one: EurekaInstance = {
    ...{ app: 'orders', instanceId: 'orders-1', ip: '10.1.0.1', port: 8080 },
    metadata: { zone: 'z1', version: 'v1' },
  };
  const two: EurekaInstance = { ...one, instanceId: 'orders-2', ip: '10.1.0.2', metadata: {} };

  before(async function () {
    server = peer(this, await startEureka());
    eureka = new EurekaHttp(server.url);
    await eureka.register(one);
    const defaults = Value.Default(eurekaSchema, { type: 'eureka', name: 'e' }) as EurekaConfig;
    const config = { ...defaults, servers: [server.url], pollIntervalMs: 200, settleMs: 2_000 };
    const info = (event: string) => lines.push(event);
    source = createEurekaSource(config, testContext({ log: { info, warn: info } }));
    source.start(sink);
  });

  after(async () => {
    await source?.stop();
    await server?.stop();
  });

  function until(addresses: readonly string[], what: string): Promise<void> {
    const wanted = JSON.stringify(addresses);
    return sink.until(() => JSON.stringify(sink.addresses('ORDERS')) === wanted, what, PATIENCE_MS);
  }

  it('reads what is registered', async () => {
    await until(['10.1.0.1:8080'], 'the first instance');
    const { instances, metadata } = sink.services.get('ORDERS')!;
    assert.deepEqual(instances, [
      {
        ...{ id: 'orders-1', address: '10.1.0.1', port: 8080, weight: 1, healthy: true, enabled: true },
        ...{ cluster: 'z1', zone: 'z1', metadata: { zone: 'z1', version: 'v1' } },
      },
    ]);
    assert.deepEqual(metadata, { vipAddress: 'orders' });
  });

  it('follows an instance that comes, by deltas whose hash is right', async () => {
    await eureka.register(two);
    await until(['10.1.0.1:8080', '10.1.0.2:8080'], 'the second instance');
    assert.ok(!lines.includes('eureka.hash-mismatch'), lines.join());
  });

  it('follows an operator who takes one out of service and back', async () => {
    await eureka.override(two, 'OUT_OF_SERVICE');
    await until(['10.1.0.1:8080'], 'the override');
    assert.deepEqual(
      sink.services.get('ORDERS')!.instances.map(({ id, enabled }) => [id, enabled]),
      [
        ['orders-1', true],
        ['orders-2', false],
      ],
    );
    await eureka.override(two, 'UP');
    await until(['10.1.0.1:8080', '10.1.0.2:8080'], 'its end');
  });

  it('follows metadata', async () => {
    await eureka.setMetadata(one, 'version', 'v9');
    const version = () => sink.services.get('ORDERS')?.instances[0]?.metadata['version'];
    await sink.until(() => version() === 'v9', 'the new metadata', PATIENCE_MS);
  });

  it('follows an instance that leaves, and the last one', async () => {
    await eureka.deregister(two);
    await until(['10.1.0.1:8080'], 'the first instance alone');
    await eureka.deregister(one);
    await sink.until(() => sink.calls.includes('remove ORDERS'), 'the removal', PATIENCE_MS);
  });

  it('keeps the state over a crash of the server, and takes the truth when it is back', async () => {
    await eureka.register(one);
    await until(['10.1.0.1:8080'], 'the instance');
    await server.kill();
    await sink.until(() => sink.current === 'down', 'the outage', PATIENCE_MS);
    assert.deepEqual(sink.addresses('ORDERS'), ['10.1.0.1:8080']);
    await server.start();
    await eureka.register(two);
    await sink.until(() => sink.current === 'up', 'the return', PATIENCE_MS);
    await until(['10.1.0.1:8080', '10.1.0.2:8080'], 'the one that has registered again, beside the lost one');
    await until(['10.1.0.2:8080'], 'the end of the wait for the lost one');
  });
});
