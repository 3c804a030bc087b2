import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import {
  DubboServices,
  decodeDubboUrl,
  LastingParams,
  type Provider,
  providerFromUrl,
  providerOf,
  withKnownProviders,
} from '../../../../src/bridge/dubbo';
import { InterfaceLevel } from '../../../../src/bridge/source/zookeeper/interfaces';
import { Problems } from '../../../../src/bridge/source/zookeeper/problems';
import { MemoryTree } from '../zookeeper/recorded-tree';

const NAME = 'com.example.Orders';

function node(host: number, more = ''): string {
  const at = `10.0.0.${host}:20880`;
  return encodeURIComponent(
    `dubbo://${at}/${NAME}?application=shop&interface=${NAME}&methods=find,list${more}`,
  );
}

/** Read anew, as after each change: no object is shared with what was read before. */
function read(...nodes: readonly string[]): Provider[] {
  const lasting = new LastingParams();
  return nodes.map((each) => providerFromUrl(decodeDubboUrl(each)!, NAME, lasting));
}

describe('what is told again of Dubbo', () => {
  it('stays the object that it was, and the list when nothing differs', () => {
    const known = read(node(1), node(2), node(3));
    assert.equal(withKnownProviders(known, read(node(1), node(2), node(3))), known);
    const moved = withKnownProviders(known, read(node(1), node(4), node(3)));
    assert.equal(moved[0], known[0]);
    assert.equal(moved[2], known[2]);
    assert.equal(moved[1]!.instance.address, '10.0.0.4');
    assert.equal(moved[1]!.instance.metadata, known[1]!.instance.metadata);
  });

  it('equal parameters are kept once, whoever told them', () => {
    const apart = [...read(node(1)), ...read(node(2)), ...read(node(3, '&weight=7'))];
    const [first, second, third] = withKnownProviders([], apart);
    assert.equal(second!.instance.metadata, first!.instance.metadata);
    assert.notEqual(third!.instance.metadata, first!.instance.metadata);
    assert.equal(third!.instance.weight, 7);
  });

  it('is what a service reports: the instances that did not change are those of before', () => {
    const services = new DubboServices();
    const reported = new Map<string, readonly object[]>();
    const changes = {
      update: ({ key, instances }: { readonly key: string; readonly instances: readonly object[] }) =>
        void reported.set(key, instances),
      remove: (key: string) => void reported.delete(key),
    };
    services.setProviders('interface', NAME, read(node(1), node(2)));
    services.flush(changes);
    const before = new Map(reported);
    services.setProviders('interface', NAME, read(node(1), node(3)));
    services.flush(changes);
    assert.deepEqual([...reported.keys()].sort(), ['application/shop', `interface//${NAME}:`]);
    for (const [key, instances] of reported) {
      assert.equal(instances[0], before.get(key)![0], key);
      assert.notDeepEqual(instances[1], before.get(key)![1], key);
    }
  });

  it('is held once by who reads ZooKeeper and who puts the levels together', () => {
    const told: (readonly Provider[])[] = [];
    class Told extends DubboServices {
      override setProviders(...[level, owner, providers]: Parameters<DubboServices['setProviders']>): void {
        told.push(providers);
        super.setProviders(level, owner, providers);
      }
    }
    const providers = (...nodes: readonly string[]) =>
      Object.fromEntries(nodes.map((each) => [`/dubbo/${NAME}/providers/${each}`, '']));
    const tree = new MemoryTree(providers(node(1), node(2)));
    const level = new InterfaceLevel(
      {
        feed: tree,
        problems: new Problems({ problem: () => undefined }),
        holding: { now: () => 0, hold: () => 0 },
        changed: () => undefined,
      },
      new Told(),
      '/dubbo',
    );
    tree.replace(providers(node(1), node(2)));
    tree.replace(providers(node(1), node(3)));
    const [first, , last] = [told[0]!, told[1]!, told.at(-1)!];
    assert.ok(told.every((each) => each.length === 2 && each[0] === first[0]));
    assert.notEqual(last[1], first[1]);
    assert.equal(last[1]!.instance.metadata, first[0]!.instance.metadata);
    level.end();
  });

  it('property: whatever was known, what is told counts', () => {
    const provider = fc
      .record({
        host: fc.integer({ min: 1, max: 3 }),
        group: fc.constantFrom('', 'a'),
        application: fc.constantFrom('', 'shop'),
        weight: fc.constantFrom('1', '2'),
        healthy: fc.boolean(),
        cluster: fc.constantFrom(undefined, 'DEFAULT'),
      })
      .map(({ host, group, application, weight, healthy, cluster }) => {
        const at = { protocol: 'dubbo', address: `10.0.0.${host}`, port: 20_880 };
        const one = providerOf({ interface: NAME, group, version: '' }, at, { weight }, application);
        return {
          ...one,
          instance: { ...one.instance, healthy, ...(cluster === undefined ? {} : { cluster }) },
        };
      });
    const list = fc.array(provider, { maxLength: 5 });
    fc.assert(
      fc.property(list, list, (known, told) => {
        assert.deepEqual(withKnownProviders(known, told), told);
      }),
      { seed: 9, numRuns: 500 },
    );
  });
});
