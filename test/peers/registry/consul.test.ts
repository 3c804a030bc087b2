/** The unmodified npm client `consul` with a real Consul: entries as it gives them, and a watch on both sides. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type ConsulServer, npmSet, startConsul } from '../../../lab';
import { AdsServer, mesh } from '../../support/ads-server';
import { ROOT } from '../../support/app';
import { peer } from '../../support/peer';
import { RegistryClient } from '../../support/registry/client';
import { Instance } from '../../support/registry/instances';

const HOST = 'orders.default.svc.cluster.local';
const SERVICE = 'orders';

interface Entry {
  readonly Node: object;
  readonly Service: { readonly Port: number; readonly Address: string };
  readonly Checks: readonly object[];
}

describe('consul 2.0.1 with a real Consul', function () {
  this.timeout(300_000);
  let consul: ConsulServer;
  let ads: AdsServer;
  let legacy: Instance;
  let a: Instance;
  let client: RegistryClient | undefined;

  before(async function () {
    const files = join(ROOT, 'fixtures', 'registry-clients', 'newest');
    const folder = peer(this, await npmSet('registry-clients-newest', files));
    consul = peer(this, await startConsul());
    ads = await new AdsServer().start();
    [legacy, a] = [await Instance.start('legacy'), await Instance.start('a')];
    inMesh(a);
    await register(legacy);
    const env = { INMESH_XDS: ads.address };
    client = await RegistryClient.start('consul', { args: [folder, String(consul.port)], env });
  });
  after(async () => {
    await client?.stop();
    ads?.stop();
    for (const instance of [legacy, a]) await instance?.stop();
    await consul?.stop();
  });

  function inMesh(...instances: readonly Instance[]): void {
    ads.set(mesh([{ host: HOST, endpoints: instances.map(({ endpoint }) => endpoint) }]));
  }

  async function register({ name, port }: Instance): Promise<void> {
    const body = JSON.stringify({ Name: SERVICE, ID: name, Address: '127.0.0.1', Port: port });
    const url = `${consul.url}/v1/agent/service/register`;
    assert.equal((await fetch(url, { method: 'PUT', body })).status, 200);
  }

  it('gives copies of the mesh’s the fields that its own entries have, and tells watches of both sides', async () => {
    const all = await client!.ask<Entry[]>({ do: 'list', service: SERVICE, passing: true });
    assert.deepEqual(
      all.map(({ Service }) => Service.Port),
      [legacy.port, a.port],
    );
    const [own, copy] = all as [Entry, Entry];
    const extra = (of: object, like: object) => Object.keys(of).filter((key) => !(key in like));
    assert.deepEqual(extra(copy, own), []);
    assert.deepEqual(extra(copy.Node, own.Node), []);
    assert.deepEqual(extra(copy.Service, own.Service), []);
    const nodes = await client!.ask<object[]>({ do: 'nodes', service: SERVICE });
    assert.deepEqual(extra(nodes[1]!, nodes[0]!), []);
    const addresses = all.map(({ Service }) => `${Service.Address}:${Service.Port}`);
    assert.deepEqual(await client!.ask({ do: 'call', addresses }), ['200 legacy', '200 a']);

    await client!.ask({ do: 'subscribe', service: SERVICE });
    const count = (wanted: number) => (heard: Entry[]) => heard.length === wanted;
    await client!.untilHeard('both sides', count(2));
    inMesh();
    await client!.untilHeard('none in the mesh', count(1));
    const second = await Instance.start('second');
    try {
      await register(second);
      await client!.untilHeard('two in the registry', count(2));
      inMesh(a);
      await client!.untilHeard('one in the mesh', count(3));
    } finally {
      await second.stop();
    }
  });
});
