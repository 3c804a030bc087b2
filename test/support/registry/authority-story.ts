/**
 * What a registry alone decides, for every client: what it has taken back does not come back by way of the mesh; and
 * whose an address is, is never guessed.
 */

import assert from 'node:assert/strict';
import type { Context } from 'mocha';
import { AdsServer } from '../ads-server';
import { RegistryClient } from './client';
import type { TestRegistry } from './embedded';
import { Instance } from './instances';
import { meshOf } from './mesh-of';

export interface AuthorityStory {
  /** As fixtures/registry-clients/clients.js names it. */
  readonly client: string;
  readonly options?: object;
  /** Registered, but not to be called: what the registry calls that; undefined where there is no such thing. */
  readonly out?: string;
  /** The client is told of those even if it has never known them as others. */
  readonly tellsOut?: boolean;
  /** May skip. The folder of the packages. */
  folder(context: Context): Promise<string>;
  start(context: Context): Promise<TestRegistry>;
}

/** Declares the tests. */
export function registryDecides(story: AuthorityStory): void {
  let ads: AdsServer;
  let registry: TestRegistry;
  let client: RegistryClient;
  let instances: readonly Instance[];
  const services: Record<string, readonly Instance[]> = {};

  before(async function () {
    const folder = await story.folder(this);
    registry = await story.start(this);
    ads = await new AdsServer().start();
    const names = ['legacy', 'a', 'b', 'c'];
    instances = await Promise.all(names.map((name) => Instance.start(name)));
    const args = [story.client, folder, registry.address, JSON.stringify(story.options ?? {})];
    const calls = ['reused', 'heir', 'one', 'other'].map((name) => `${name}=balance`).join();
    const env = { INMESH_XDS: ads.address, INMESH_REGISTRY_CALLS: calls };
    client = await RegistryClient.start('sample', { args, env });
  });
  after(async () => {
    await client?.stop();
    ads?.stop();
    await registry?.stop();
    for (const instance of instances ?? []) await instance.stop();
  });

  function inMesh(service: string, ...members: readonly Instance[]): void {
    services[service] = members;
    ads.set(meshOf(services));
  }

  const named = (name: string) => instances.find((each) => each.name === name)!;
  const list = (service: string) => client.ask<string[]>({ do: 'list', service });
  const names = (addresses: readonly string[]) =>
    addresses.map((address) => instances.find((each) => each.address === address)?.name ?? address).sort();

  async function untilListed(what: string, service: string, ...wanted: readonly Instance[]): Promise<void> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const found = names(await list(service));
      if (found.join() === names(wanted.map(({ address }) => address)).join()) return;
      assert.ok(Date.now() < deadline, `${what}: ${found.join()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  it('an instance that it takes back does not come back by way of the mesh, whatever that says', async () => {
    const [legacy, a, b, c] = ['legacy', 'a', 'b', 'c'].map(named) as [
      Instance,
      Instance,
      Instance,
      Instance,
    ];
    await registry.set('deregistered', [legacy, a]);
    inMesh('deregistered', a, b);
    await untilListed('both sides', 'deregistered', legacy, a, b);
    await registry.set('deregistered', [legacy]);
    await untilListed('a is deregistered', 'deregistered', legacy, b);
    inMesh('deregistered', a, b, c);
    await untilListed('news of the mesh', 'deregistered', legacy, b, c);
  });

  if (story.out !== undefined) {
    it(`nor does one that is ${story.out}, nor all of them at once, nor after it is deregistered`, async () => {
      const [legacy, a, b, c] = ['legacy', 'a', 'b', 'c'].map(named) as [
        Instance,
        Instance,
        Instance,
        Instance,
      ];
      await registry.set('out', [legacy, a]);
      inMesh('out', a, b);
      await untilListed('both sides', 'out', legacy, a, b);
      await registry.set('out', [legacy], [a]);
      await untilListed('a is out', 'out', legacy, b);
      inMesh('out', a, b, legacy, c);
      await untilListed('news of the mesh', 'out', legacy, b, c);
      await registry.set('out', [], [legacy, a]);
      await untilListed('all are out', 'out', b, c);
      await registry.set('out', [legacy]);
      await untilListed('one is back, the other deregistered', 'out', legacy, b, c);
    });
  }

  if (story.tellsOut) {
    it(`nor is one listed that has been ${story.out} from the beginning`, async () => {
      const [legacy, a, b] = ['legacy', 'a', 'b'].map(named) as [Instance, Instance, Instance];
      await registry.set('out-at-first', [legacy], [a]);
      inMesh('out-at-first', a, b);
      await untilListed('not a', 'out-at-first', legacy, b);
    });
  }

  it('a broadcast over the list reaches each instance exactly once', async () => {
    const [legacy, a, b] = ['legacy', 'a', 'b'].map(named) as [Instance, Instance, Instance];
    await registry.set('broadcast', [legacy, a]);
    inMesh('broadcast', a, b);
    await untilListed('both sides', 'broadcast', legacy, a, b);
    const addresses = await list('broadcast');
    const before = instances.map(({ calls }) => calls);
    await client.ask({ do: 'call', addresses });
    assert.deepEqual(
      instances.map(({ calls }, at) => calls - before[at]!),
      [1, 1, 1, 0],
    );
  });

  it('an address that is given to another service does not reach the one that had it', async () => {
    const [legacy, a, b, c] = ['legacy', 'a', 'b', 'c'].map(named) as [
      Instance,
      Instance,
      Instance,
      Instance,
    ];
    await registry.set('reused', [legacy]);
    inMesh('reused', a);
    await untilListed('the first has it', 'reused', legacy, a);
    inMesh('reused', b);
    await untilListed('the first has lost it', 'reused', legacy, b);
    await registry.set('heir', [c]);
    inMesh('heir', a);
    await untilListed('the second has it', 'heir', c, a);
    const calls = { do: 'call', addresses: Array(12).fill(a.address) };
    // Balanced calls go to some instance of their service.
    for (const answer of await client.ask<string[]>(calls)) assert.match(answer, /^200 a$/);
  });

  it('a call to an address of two services passes through, until its caller has looked one of them up', async () => {
    const [legacy, a, b] = ['legacy', 'a', 'b'].map(named) as [Instance, Instance, Instance];
    await registry.set('one', [legacy]);
    await registry.set('other', [legacy]);
    inMesh('one', a);
    inMesh('other', b);
    await untilListed('the one', 'one', legacy, a);
    await untilListed('the other', 'other', legacy, b);
    const addresses = [legacy.address];
    assert.deepEqual(await client.ask({ do: 'call', addresses }), ['200 legacy']);
    const lookUpAndCall = (service: string) => client.ask({ do: 'lookUpAndCall', service, addresses });
    assert.deepEqual(await lookUpAndCall('one'), ['200 a']);
    assert.deepEqual(await lookUpAndCall('other'), ['200 b']);
  });
}
