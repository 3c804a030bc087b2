/** Two replicas serve the same when all is quiet (decision 16), and never serve what the registry has not. */
import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import type { RegistryService } from '../../../../src/bridge/model';
import { registryService } from '../convert/random';
import { World, type WorldOptions } from './world';

type Step =
  | { readonly kind: 'update'; readonly slot: number; readonly service: RegistryService }
  | { readonly kind: 'remove' | 'again'; readonly slot: number }
  | { readonly kind: 'reconnect' | 'thaw' | 'restart' }
  | { readonly kind: 'pass'; readonly ms: number };

const SLOTS = 6;
const slot = fc.nat({ max: SLOTS - 1 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('update' as const), slot, service: registryService }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), slot }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('again' as const), slot }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('reconnect' as const, 'thaw' as const, 'restart' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat({ max: 30_000 }) }) },
);

const OPTIONS: WorldOptions = {
  // So that a handful of services can freeze, collide and share a VIP.
  catalogue: { freezeServices: 3 },
  convert: {
    vipCidr: '240.0.0.0/28',
    vipExclude: [],
    merge: [{ host: 'one.shop', from: ['a/orders', 'b/orders'] }],
  },
  sources: { a: {}, b: { type: 'consul', convert: { instancePorts: true } } },
};

const sourceOf = (at: number) => (at % 2 === 0 ? 'a' : 'b');

/** Each slot is one key of one source. */
function keyed(at: number, service: RegistryService): RegistryService {
  return { ...service, key: `slot-${at}` };
}

function settle(world: World): void {
  // All graces and freezes, one after the other.
  world.clock.pass(700_000);
}

/** Another process with the snapshot of this one. */
function restarted(world: World): World {
  const next = new World(OPTIONS);
  assert.equal(
    next.catalogue.importState(JSON.parse(JSON.stringify(world.catalogue.exportState()))),
    undefined,
  );
  world.catalogue.close();
  next.catalogue.start();
  return next;
}

function play(steps: readonly Step[]): { world: World; registry: Map<number, RegistryService> } {
  let world = World.up(OPTIONS);
  const registry = new Map<number, RegistryService>();
  for (const each of steps) {
    switch (each.kind) {
      case 'update': {
        const service = keyed(each.slot, each.service);
        registry.set(each.slot, service);
        world.sink(sourceOf(each.slot)).update(service);
        break;
      }
      case 'remove':
        registry.delete(each.slot);
        world.sink(sourceOf(each.slot)).remove(`slot-${each.slot}`);
        break;
      case 'again': {
        const known = registry.get(each.slot);
        if (known) world.sink(sourceOf(each.slot)).update(structuredClone(known));
        break;
      }
      case 'restart':
      case 'reconnect':
        if (each.kind === 'restart') world = restarted(world);
        for (const name of ['a', 'b']) {
          world.sink(name).state('down');
          world.sink(name).state('up');
          for (const [at, service] of registry) if (sourceOf(at) === name) world.sink(name).update(service);
          world.sink(name).synced();
        }
        break;
      case 'thaw':
        world.catalogue.thaw();
        break;
      case 'pass':
        world.clock.pass(each.ms);
    }
  }
  return { world, registry };
}

describe('catalogue: replicas', function () {
  this.timeout(120_000);

  it('after any history what is served is what a fresh start would serve', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const { world, registry } = play(steps);
        settle(world);
        const fresh = World.up(OPTIONS);
        for (const [at, service] of [...registry].reverse()) fresh.sink(sourceOf(at)).update(service);
        settle(fresh);
        const [served, expected] = [world, fresh].map(({ catalogue }) => [...catalogue.snapshot!.entries]);
        assert.deepEqual(served, expected);
        // Also in the order of keys, as the bytes must be equal.
        assert.equal(JSON.stringify(served), JSON.stringify(expected));
        assert.deepEqual(world.codes, fresh.codes);
        assert.equal(world.clock.pending, 0);
      }),
      { numRuns: 150, seed: 21 },
    );
  });

  it('the names that are told cover every difference between two snapshots', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        let before = new Map<string, unknown>();
        const world = World.up(OPTIONS);
        world.catalogue.onChange((changed) => {
          const after = new Map<string, unknown>(world.catalogue.snapshot!.entries);
          for (const name of new Set([...before.keys(), ...after.keys()]))
            assert.equal(changed.has(name), before.get(name) !== after.get(name), name);
          before = after;
        });
        for (const each of steps)
          if (each.kind === 'update') world.sink(sourceOf(each.slot)).update(keyed(each.slot, each.service));
          else if (each.kind === 'remove') world.sink(sourceOf(each.slot)).remove(`slot-${each.slot}`);
          else if (each.kind === 'pass') world.clock.pass(each.ms);
        settle(world);
        assert.deepEqual([...before], [...world.catalogue.snapshot!.entries]);
      }),
      { numRuns: 100, seed: 22 },
    );
  });
});
