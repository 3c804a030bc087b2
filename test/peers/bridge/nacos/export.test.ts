/** Services of a real istiod in a real Nacos, as an unmodified client of it sees them. */

import { strict as assert } from 'node:assert';
import { Value } from '@sinclair/typebox/value';
import { type Istiod, type NacosServer, startIstiod, startNacos } from '../../../../lab';
import {
  createExporter,
  type ExportConfig,
  type Exporter,
  exportSchema,
} from '../../../../src/bridge/export';
import { EXPORTED_HOST, exportedEntry } from '../../../support/exported-service';
import { eventually } from '../../../support/load';
import { startNacosSource, stopNacosSources } from '../../../support/nacos-bridge';
import { NacosClient } from '../../../support/nacos-client';
import { peer } from '../../../support/peer';
import { testContext } from '../../../support/source-sink';

const KEY = 'public/DEFAULT_GROUP/orders';
const PATIENCE_MS = 120_000;

describe('mesh services of a real istiod in a real Nacos', function () {
  this.timeout(5 * 60_000);
  const exporters: Exporter[] = [];
  let istiod: Istiod;
  let nacos: NacosServer;
  let client: NacosClient | undefined;

  before(async function () {
    const files = { 'orders.yaml': JSON.stringify(exportedEntry('10.1.0.1', '10.1.0.2')) };
    istiod = peer(this, await startIstiod({ files }));
    nacos = peer(this, await startNacos());
  });

  after(async () => {
    await client?.close();
    await stopNacosSources();
    await Promise.all(exporters.map((one) => one.stop()));
    await nacos?.stop();
    await istiod?.stop();
  });

  function replica(): Exporter {
    const config = Value.Decode(
      exportSchema,
      Value.Default(exportSchema, {
        hosts: [{ host: EXPORTED_HOST, as: 'orders' }],
        xds: `grpc://${istiod.xdsAddress}`,
        nacos: { servers: [nacos.address] },
      }),
    ) as ExportConfig;
    const one = createExporter(config, {
      ...testContext(),
      refusal: () => undefined,
      isRegistered: () => false,
    });
    exporters.push(one);
    one.start();
    return one;
  }

  it('appear, follow changes, are there once with two replicas, stay without one of them, disappear', async () => {
    const first = replica();
    const { sink } = startNacosSource({ servers: [nacos.address], listIntervalMs: 1_000 });
    const until = (what: string, ...addresses: string[]) =>
      sink.until(() => sink.addresses(KEY)?.join() === addresses.join(), what, PATIENCE_MS);
    await until('published', '10.1.0.1:8080', '10.1.0.2:8080');
    client = await NacosClient.start(nacos.address);
    const hosts = await client.hosts('orders');
    assert.deepEqual(hosts.map(({ ip, metadata }) => `${ip} ${metadata['inmesh.origin']}`).sort(), [
      '10.1.0.1 mesh',
      '10.1.0.2 mesh',
    ]);
    const second = replica();
    await istiod.write('orders.yaml', JSON.stringify(exportedEntry('10.1.0.2', '10.1.0.3', '10.1.0.4')));
    await until('changed', '10.1.0.2:8080', '10.1.0.3:8080', '10.1.0.4:8080');
    await eventually(
      'the second replica',
      () => (second.isSettled && second.status()[0]?.published === 3 ? true : undefined),
      PATIENCE_MS,
    );
    const before = sink.events.length;
    await first.stop();
    await istiod.write('orders.yaml', JSON.stringify(exportedEntry('10.1.0.3')));
    await until('changed by the other replica', '10.1.0.3:8080');
    const sizes = sink.events.slice(before).filter((event) => event.startsWith(`update ${KEY}`));
    assert.deepEqual(sizes, [`update ${KEY} 1`]);
    await Promise.all(exporters.map((one) => one.stop()));
    await sink.until(() => (sink.addresses(KEY) ?? []).length === 0, 'gone', PATIENCE_MS);
  });
});
