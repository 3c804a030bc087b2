/** Mass emptying (decision 15): more than half and at least 20 services within 60 s, or at a reconnect. */
import { strict as assert } from 'node:assert';
import { instance, service } from '../convert/facts';
import { World, type WorldOptions } from './world';

const of = (i: number, full = true) =>
  service(`s${i}`, full ? [instance(`10.0.${i >> 8}.${i & 255}:1`)] : []);

function filled(count: number, options: WorldOptions = {}): World {
  const world = World.up(options);
  for (let i = 0; i < count; i++) world.sink().update(of(i));
  assert.equal(world.filled, count);
  world.changes.length = 0;
  return world;
}

function empty(world: World, from: number, to: number): void {
  for (let i = from; i < to; i++) world.sink().update(of(i, false));
}

describe('catalogue: mass emptying', () => {
  it('half of the services and no more is believed', () => {
    const world = filled(40);
    empty(world, 0, 20);
    world.clock.pass(100);
    assert.equal(world.filled, 20);
    assert.deepEqual(world.said, []);
  });

  it('fewer than 20 services are believed, be they all', () => {
    const world = filled(19);
    empty(world, 0, 19);
    world.clock.pass(100);
    assert.equal(world.filled, 0);
  });

  it('more than half and 20 are frozen: what was already believed is served again', () => {
    const world = filled(40);
    empty(world, 0, 21);
    assert.equal(world.filled, 31, 'the first few at once, the others are held for a moment');
    world.clock.pass(100);
    assert.equal(world.filled, 40);
    assert.deepEqual(world.said, ['catalogue.frozen {"source":"nacos","services":21}']);
    assert.equal(world.catalogue.sources()[0]!.frozen, 21);
    const standings = new Set([...world.catalogue.services()].map(({ standing }) => standing));
    assert.deepEqual(standings, new Set(['frozen', 'current']));
  });

  it('counts over the window, not beyond it', () => {
    const slow = filled(40);
    for (let i = 0; i < 30; i++) {
      empty(slow, i, i + 1);
      slow.clock.pass(7000);
    }
    assert.equal(slow.filled, 10);
    const quick = filled(40);
    for (let i = 0; i < 30; i++) {
      empty(quick, i, i + 1);
      quick.clock.pass(2000);
    }
    assert.equal(quick.filled, 40);
  });

  it('while some are frozen, so are those that empty after them', () => {
    const world = filled(60);
    empty(world, 0, 40);
    world.clock.pass(30_000);
    empty(world, 40, 60);
    assert.equal(world.filled, 60);
  });

  it('frozen services thaw one by one when they have instances', () => {
    const world = filled(40);
    empty(world, 0, 30);
    world.clock.pass(1000);
    for (let i = 0; i < 10; i++) world.sink().update(service(`s${i}`, [instance('10.9.0.1:1')]));
    assert.equal(world.entry('s0.default-group.public.nacos')!.endpoints[0]!.address, '10.9.0.1');
    assert.equal(world.catalogue.sources()[0]!.frozen, 20);
    for (let i = 10; i < 30; i++) world.sink().update(of(i));
    assert.equal(world.catalogue.sources()[0]!.frozen, 0);
    assert.equal(
      world.said.at(-1),
      'catalogue.thawed {"source":"nacos","services":1,"because":"all have instances again"}',
    );
    world.clock.pass(600_000);
    assert.equal(world.filled, 40);
    assert.equal(world.clock.pending, 0);
  });

  it('the rest is believed after freezeMax', () => {
    const world = filled(40);
    empty(world, 0, 30);
    world.clock.pass(300_099);
    assert.equal(world.filled, 40);
    world.clock.pass(1);
    assert.equal(world.filled, 10);
    world.clock.pass(20_000);
    assert.equal(Object.keys(world.served).length, 10);
    empty(world, 30, 31);
    assert.equal(world.filled, 9, 'and the next one counts by itself');
  });

  it('or when the operator says so, of one source or all', () => {
    const world = filled(40);
    empty(world, 0, 30);
    world.clock.pass(1000);
    world.catalogue.thaw('other');
    assert.equal(world.filled, 40);
    world.catalogue.thaw('nacos');
    assert.equal(world.filled, 10);
    assert.equal(
      world.said.at(-1),
      'catalogue.thawed {"source":"nacos","services":30,"because":"by the operator"}',
    );
  });

  it('services that are removed are kept as those that empty', () => {
    const world = filled(40);
    for (let i = 0; i < 30; i++) world.sink().remove(of(i).key);
    world.clock.pass(1000);
    assert.equal(world.filled, 40);
    world.catalogue.thaw();
    assert.equal(world.filled, 10);
    assert.equal([...world.catalogue.services()].length, 10);
  });

  it('unhealthy in masses is empty in masses', () => {
    const world = filled(30);
    for (let i = 0; i < 30; i++) {
      const [one] = of(i).instances;
      world.sink().update(service(`s${i}`, [{ ...one!, healthy: false }]));
    }
    world.clock.pass(1000);
    assert.equal(world.filled, 30);
  });

  it('at a reconnect nothing is emptied before all is judged together', () => {
    const world = filled(40);
    world.sink().state('down');
    world.sink().state('up');
    empty(world, 0, 21);
    assert.equal(world.filled, 40);
    world.sink().synced();
    assert.equal(world.filled, 40);
    assert.deepEqual(world.changes, []);
    assert.deepEqual(world.said, ['catalogue.frozen {"source":"nacos","services":21}']);
  });

  it('at a reconnect a few are believed at once', () => {
    const world = filled(40);
    world.sink().state('down');
    world.sink().state('up');
    empty(world, 0, 15);
    world.sink().synced();
    assert.equal(world.filled, 25);
    assert.equal(world.changes.length, 1);
  });

  it('so it is with a registry that comes back empty after a start from disk', () => {
    const world = new World();
    world.catalogue.importState(filled(40).catalogue.exportState());
    world.catalogue.start();
    world.sink().state('up');
    world.sink().synced();
    world.clock.pass(15_000);
    assert.equal(world.filled, 40);
    world.clock.pass(300_000);
    assert.equal(world.filled, 0);
  });

  it('freezeMax that passes while the source is away waits for its return', () => {
    const world = filled(40);
    empty(world, 0, 30);
    world.clock.pass(1000);
    world.sink().state('down');
    world.clock.pass(600_000);
    assert.equal(world.filled, 40);
    world.sink().state('up');
    for (let i = 0; i < 5; i++) world.sink().update(of(i));
    world.sink().synced();
    assert.equal(world.filled, 15);
  });

  it('those that were held when the source went away are judged at its return', () => {
    const world = filled(40);
    empty(world, 0, 15);
    world.sink().state('down');
    world.clock.pass(1000);
    assert.equal(world.filled, 31);
    world.sink().state('up');
    world.sink().synced();
    assert.equal(world.filled, 25);
  });

  it('freezeMax 0 believes everything at once', () => {
    const world = filled(40, { catalogue: { freezeMaxMs: 0 } });
    empty(world, 0, 40);
    assert.equal(world.filled, 0);
  });

  it('is counted for each source by itself', () => {
    const world = World.up({ sources: { a: {}, b: {} } });
    for (let i = 0; i < 30; i++) world.sink('a').update(of(i));
    for (let i = 100; i < 200; i++) world.sink('b').update(of(i));
    for (let i = 0; i < 30; i++) world.sink('a').remove(of(i).key);
    world.clock.pass(1000);
    assert.equal(world.filled, 130);
  });
});
