/** The reverse direction: mesh hosts that appear in Nacos, against the in-memory registry and the embedded control plane. */

import { strict as assert } from 'node:assert';
import { Value } from '@sinclair/typebox/value';
import { freePort } from '../../../../lab';
import {
  createExporter,
  type EndpointsListener,
  type ExportConfig,
  type ExportContext,
  type ExportedEndpoint,
  type Exporter,
  exportSchema,
} from '../../../../src/bridge/export';
import { type DevControlPlane, startDevControlPlane } from '../../../../src/dev';
import { type DevNacos, startDevNacos, toPublished } from '../../../../src/dev/nacos';
import { EXPORTED_HOST, exportedEntry } from '../../../support/exported-service';
import { eventually } from '../../../support/load';
import { startNacosSource, stopNacosSources } from '../../../support/nacos-bridge';
import { NacosClient, type NacosHost } from '../../../support/nacos-client';
import { testContext } from '../../../support/source-sink';

describe('the export of mesh hosts to Nacos', function () {
  this.timeout(60_000);
  const running = new Set<{ stop(): Promise<void> }>();
  let client: NacosClient | undefined;

  function kept<T extends { stop(): Promise<void> }>(one: T): T {
    running.add(one);
    return one;
  }

  async function nacos(port = 0): Promise<DevNacos> {
    return kept(await startDevNacos({ mergeDelayMs: 5, port }));
  }

  function exporter(
    server: DevNacos,
    given: Readonly<Record<string, unknown>>,
    context: Partial<ExportContext> = {},
  ): Exporter {
    const config = Value.Decode(
      exportSchema,
      Value.Default(exportSchema, {
        hosts: [{ host: EXPORTED_HOST, as: 'orders' }],
        nacos: { servers: [server.address] },
        ...given,
      }),
    ) as ExportConfig;
    const free = { refusal: () => undefined, isRegistered: () => false };
    const one = kept(createExporter(config, { ...testContext(), ...free, ...context }));
    one.start();
    return one;
  }

  /** What a client of Nacos sees, sorted by address. */
  async function seen(server: DevNacos): Promise<NacosHost[]> {
    client ??= await NacosClient.start(server.address);
    const url = `http://${server.address}/nacos/v1/ns/instance/list?serviceName=orders`;
    const { hosts } = (await (await fetch(url, { headers: { connection: 'close' } })).json()) as {
      hosts: NacosHost[];
    };
    return hosts.sort((a, b) => (a.ip < b.ip ? -1 : 1));
  }

  async function untilSeen(server: DevNacos, ...addresses: string[]): Promise<void> {
    await eventually(`[${addresses}] in Nacos`, async () =>
      (await seen(server)).map(({ ip }) => ip).join() === addresses.join() ? true : undefined,
    );
  }

  afterEach(async () => {
    await client?.close();
    client = undefined;
    await stopNacosSources();
    for (const one of [...running].reverse()) await one.stop();
    running.clear();
  });

  describe('that a control plane knows', () => {
    let mesh: DevControlPlane;

    beforeEach(async () => {
      mesh = kept(await startDevControlPlane({ objects: [exportedEntry('10.1.0.1', '10.1.0.2')] }));
    });

    it('appear for an unmodified client with their mark, follow changes, disappear', async () => {
      const server = await nacos();
      const one = exporter(server, { xds: `grpc://${mesh.address}`, meshId: 'east' });
      const reader = await NacosClient.start(server.address);
      client = reader;
      await untilSeen(server, '10.1.0.1', '10.1.0.2');
      const [host] = await reader.hosts('orders');
      assert.deepEqual(host?.metadata, { 'inmesh.origin': 'east' });
      assert.equal(host?.port, 8080);
      mesh.update([exportedEntry('10.1.0.2', '10.1.0.3')]);
      await untilSeen(server, '10.1.0.2', '10.1.0.3');
      mesh.update([]);
      await untilSeen(server);
      mesh.update([exportedEntry('10.1.0.9')]);
      await untilSeen(server, '10.1.0.9');
      await one.stop();
      assert.deepEqual(await seen(server), []);
    });

    it('stay while the control plane is away', async () => {
      const server = await nacos();
      exporter(server, { xds: `grpc://${mesh.address}` });
      await untilSeen(server, '10.1.0.1', '10.1.0.2');
      const port = Number(mesh.address.split(':')[1]);
      await mesh.stop();
      running.delete(mesh);
      assert.equal((await seen(server)).length, 2);
      kept(await startDevControlPlane({ port, objects: [exportedEntry('10.1.0.2')] }));
      await untilSeen(server, '10.1.0.2');
    });

    it('are published again by themselves after a restart of Nacos', async () => {
      const port = await freePort();
      const first = await nacos(port);
      exporter(first, { xds: `grpc://${mesh.address}` });
      await untilSeen(first, '10.1.0.1', '10.1.0.2');
      await first.stop();
      await untilSeen(await nacos(port), '10.1.0.1', '10.1.0.2');
    });

    it('are there once with two replicas, and stay when one of them ends', async () => {
      const server = await nacos();
      const xds = `grpc://${mesh.address}`;
      const [one, two] = [exporter(server, { xds }), exporter(server, { xds })];
      await eventually('both replicas', () =>
        one.isSettled && two.isSettled && server.connections === 2 ? true : undefined,
      );
      await untilSeen(server, '10.1.0.1', '10.1.0.2');
      const sizes = new Set<number>();
      const { sink } = startNacosSource({ servers: [server.address] });
      await sink.until(() => sink.syncs === 1);
      await one.stop();
      const end = { namespace: 'public', group: 'DEFAULT_GROUP', name: 'end' };
      server.register(end, [toPublished({ ip: '10.0.0.1', port: 1 }, true)]);
      await sink.until(() => sink.services.has('public/DEFAULT_GROUP/end'));
      for (const event of sink.events)
        if (event.startsWith('update public/DEFAULT_GROUP/orders')) sizes.add(Number(event.split(' ')[2]));
      assert.deepEqual([...sizes], [2]);
      assert.equal((await seen(server)).length, 2);
    });
  });

  describe('is careful', () => {
    let tell: EndpointsListener = () => undefined;
    const hosts = {
      start: (listener: EndpointsListener) => {
        tell = listener;
      },
      stop: async () => undefined,
    };
    const endpoints: ExportedEndpoint[] = ['10.1.0.1', '10.1.0.2'].map((address, index) => ({
      address,
      port: 8080,
      weight: 1,
      isSecured: index === 1,
    }));
    const asked = { host: EXPORTED_HOST, port: 80 };

    it('leaves out what only mTLS may call, unless it is declared permissive', async () => {
      const server = await nacos();
      const one = exporter(server, {}, { hosts });
      tell(asked, endpoints);
      await untilSeen(server, '10.1.0.1');
      assert.match(one.status()[0]?.reason ?? '', /1 of 2 endpoints want mTLS; set `permissive: true`/);
      await one.stop();
      exporter(server, { hosts: [{ host: EXPORTED_HOST, as: 'orders', permissive: true }] }, { hosts });
      tell(asked, endpoints);
      await untilSeen(server, '10.1.0.1', '10.1.0.2');
    });

    it('never publishes a host that came from a registry, nor an address that is in one', async () => {
      const server = await nacos();
      let own = false;
      const one = exporter(
        server,
        {},
        {
          hosts,
          refusal: (host) => (own ? `${host} comes from source nacos-a` : undefined),
          isRegistered: (address) => address === '10.1.0.5',
        },
      );
      tell(asked, [endpoints[0]!, { ...endpoints[0]!, address: '10.1.0.5' }]);
      await untilSeen(server, '10.1.0.1');
      assert.match(one.status()[0]?.reason ?? '', /1 of 2 endpoints are registered by themselves/);
      own = true;
      one.refresh();
      await untilSeen(server);
      assert.match(one.status()[0]?.reason ?? '', /comes from source nacos-a/);
    });

    it('leaves out an address as long as it registers there by itself', async () => {
      const server = await nacos();
      const native = { namespace: 'public', group: 'DEFAULT_GROUP', name: 'orders' };
      server.register(native, [toPublished({ ip: '10.1.0.1', port: 8080 }, true)]);
      exporter(server, { hosts: [{ host: EXPORTED_HOST, as: 'orders', permissive: true }] }, { hosts });
      tell(asked, endpoints);
      await untilSeen(server, '10.1.0.1', '10.1.0.2');
      assert.equal((await seen(server))[0]?.metadata['inmesh.origin'], undefined);
      server.register(native, []);
      await eventually('it takes its place', async () => {
        const found = await seen(server);
        const marked = found.filter(({ metadata }) => metadata['inmesh.origin'] === 'mesh');
        return found.length === 2 && marked.length === 2 ? true : undefined;
      });
    });

    it('publishes gateways as long as there are endpoints', async () => {
      const server = await nacos();
      exporter(server, { address: 'gateway', gateways: ['10.9.0.1:80', '10.9.0.2:80'] }, { hosts });
      tell(asked, endpoints);
      await untilSeen(server, '10.9.0.1', '10.9.0.2');
      tell(asked, []);
      await untilSeen(server);
    });

    it('does nothing without an allow-list', async () => {
      const server = await nacos();
      const one = exporter(server, { hosts: [] }, { hosts });
      assert.deepEqual(one.status(), []);
      assert.equal(server.connections, 0);
    });

    it('says every mistake by its key', () => {
      const config = {
        hosts: [
          { host: EXPORTED_HOST, as: 'x' },
          { host: 'other', as: 'x' },
        ],
        address: 'gateway',
        nacos: {},
      };
      const decoded = Value.Default(exportSchema, config) as ExportConfig;
      const context = { ...testContext(), refusal: () => undefined, isRegistered: () => false };
      assert.throws(() => createExporter(decoded, context), /`servers`.*`gateways`.*DEFAULT_GROUP@@x/);
    });
  });
});
