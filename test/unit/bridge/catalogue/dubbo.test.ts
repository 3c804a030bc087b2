/** Dubbo's two levels in the catalogue: what `auto` means depends on how many interfaces there are (decision 11). */
import { strict as assert } from 'node:assert';
import { MANY_INTERFACES } from '../../../../src/bridge/convert';
import { dubboInterface, instance } from '../convert/facts';
import { World } from './world';

const PER_APPLICATION = 500;

function interfaceOf(i: number) {
  const application = `app-${Math.floor(i / PER_APPLICATION)}`;
  const provider = instance('10.0.0.1:20880', { protocol: 'dubbo', metadata: { application } });
  return dubboInterface(`demo.S${i}`, [provider], { application });
}

describe('catalogue: Dubbo', () => {
  it('auto: above 5,000 interfaces applications only; below again both, whatever came when', () => {
    const world = new World({ sources: { zk: { type: 'zookeeper' } } });
    world.catalogue.start();
    for (let i = 0; i < MANY_INTERFACES; i++) world.sink('zk').update(interfaceOf(i));
    world.sink('zk').synced();
    const applications = MANY_INTERFACES / PER_APPLICATION;
    assert.equal(world.filled, MANY_INTERFACES + applications);
    world.sink('zk').update(interfaceOf(MANY_INTERFACES));
    assert.equal(world.filled, applications + 1);
    assert.equal(world.changes.at(-1)!.length, MANY_INTERFACES + 1, 'told together');
    world.clock.pass(20_000);
    const hosts = [...world.catalogue.snapshot!.entries.values()].map(({ host }) => host);
    assert.deepEqual(hosts.sort().slice(0, 2), ['app-0.dubbo', 'app-1.dubbo']);
    assert.equal(hosts.length, applications + 1);
    world.sink('zk').remove(interfaceOf(MANY_INTERFACES).key);
    assert.equal(world.filled, MANY_INTERFACES + applications);
  }).timeout(30_000);

  it("a provider's application changes: its old host is emptied, the new one filled", () => {
    const world = World.up({ sources: { zk: { type: 'zookeeper' } } });
    const of = (application: string) =>
      dubboInterface('demo.S', [
        instance('10.0.0.1:20880', { protocol: 'dubbo', metadata: { application } }),
      ]);
    world.sink('zk').update(of('old'));
    world.sink('zk').update(of('new'));
    const endpoints = (host: string) => world.entry(host)?.endpoints.length;
    assert.deepEqual([endpoints('old.dubbo'), endpoints('new.dubbo'), endpoints('demo.s.dubbo')], [0, 1, 1]);
    world.clock.pass(20_000);
    assert.equal(endpoints('old.dubbo'), undefined);
  });
});
