/** Mesh services exported into registries that feed the same mesh: nothing goes round, nobody sees anything twice. */

import { strict as assert } from 'node:assert';
import { type DevNacos, startDevNacos, toPublished } from '../../../../src/dev/nacos';
import { eventually } from '../../../support/load';
import { startNacosSource, stopNacosSources } from '../../../support/nacos-bridge';
import { type NacosRing, served, startNacosRing } from '../../../support/nacos-ring';

const KEY = 'public/DEFAULT_GROUP/orders';
const PATIENCE_MS = 40_000;

describe('two bridges on two registries in a ring', function () {
  this.timeout(120_000);
  const servers: DevNacos[] = [];
  let ring: NacosRing | undefined;

  afterEach(async () => {
    await stopNacosSources();
    await ring?.stop();
    ring = undefined;
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  function register(server: DevNacos, ...addresses: string[]): void {
    const id = { namespace: 'public', group: 'DEFAULT_GROUP', name: 'orders' };
    server.register(
      id,
      addresses.map((ip) => toPublished({ ip, port: 80 }, true)),
    );
  }

  it('show each instance once everywhere, and follow its changes', async () => {
    const [one, two] = [await startDevNacos({ mergeDelayMs: 5 }), await startDevNacos({ mergeDelayMs: 5 })];
    servers.push(one, two);
    register(one, '10.1.0.1');
    register(two, '10.2.0.1');
    ring = await startNacosRing([one.address, two.address], 'orders');
    const { bridges, hosts } = ring;
    const readers = [one, two].map(({ address }) => startNacosSource({ servers: [address] }).sink);
    /** In both registries both instances, each once; in the mesh each under the host of its own registry. */
    const all = async (first: string[], second: string[]) => {
      const both = [...first, ...second].map((ip) => `${ip}:80`).sort();
      for (const sink of readers)
        await sink.until(() => sink.addresses(KEY)?.join() === both.join(), `${both} in a registry`);
      const right = () =>
        served(bridges[0], hosts[0]).join() === first.join() &&
        served(bridges[1], hosts[1]).join() === second.join();
      await eventually('each at its own host', () => (right() ? true : undefined), PATIENCE_MS);
    };
    await all(['10.1.0.1'], ['10.2.0.1']);
    register(one, '10.1.0.1', '10.1.0.2');
    await all(['10.1.0.1', '10.1.0.2'], ['10.2.0.1']);
    register(two, '10.2.0.9');
    await all(['10.1.0.1', '10.1.0.2'], ['10.2.0.9']);
    const entries = bridges.flatMap(({ content }) => [...(content.snapshot?.entries.values() ?? [])]);
    assert.deepEqual(entries.map(({ host }) => host).sort(), [...hosts].sort());
    const marks = readers[0]?.services.get(KEY)?.instances.map(({ metadata }) => metadata['inmesh.origin']);
    assert.deepEqual(marks, [undefined, undefined, 'mesh-one']);
    await bridges[1].stop();
    await readers[1]?.until(
      () => readers[1]?.addresses(KEY)?.join() === '10.2.0.9:80',
      'only the native one',
    );
  });

  it('refuse to publish what they serve themselves', async () => {
    const server = await startDevNacos({ mergeDelayMs: 5 });
    servers.push(server);
    register(server, '10.1.0.1');
    ring = await startNacosRing([server.address, server.address], 'orders');
    const { sink } = startNacosSource({ servers: [server.address] });
    await sink.until(() => sink.addresses(KEY)?.length === 1);
    const { bridges, hosts } = ring;
    // The same registry twice: each host has what is registered there already.
    await eventually(
      'both hosts',
      () =>
        served(bridges[0], hosts[0]).length === 1 && served(bridges[1], hosts[1]).length === 1
          ? true
          : undefined,
      PATIENCE_MS,
    );
    const end = { namespace: 'public', group: 'DEFAULT_GROUP', name: 'end' };
    server.register(end, [toPublished({ ip: '10.9.9.9', port: 1 }, true)]);
    await sink.until(() => sink.services.has('public/DEFAULT_GROUP/end'));
    const sizes = sink.events.filter((event) => event.startsWith(`update ${KEY}`));
    assert.deepEqual(sizes, [`update ${KEY} 1`]);
  });
});
