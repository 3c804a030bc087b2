import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import {
  readCheckStates,
  readDatacenters,
  readEntries,
  readServices,
} from '../../../../src/bridge/source/consul/answer';
import { keyOf, serviceOf } from '../../../../src/bridge/source/consul/service';
import { gapAfter, nextIndex } from '../../../../src/bridge/source/consul/watch';

const NAME = { namespace: '', datacenter: 'dc1', name: 'a' };

describe("Consul's answers", () => {
  it('name the key by datacenter, and by namespace where there is one', () => {
    assert.equal(keyOf(NAME), 'dc1/a');
    assert.equal(keyOf({ ...NAME, namespace: 'team' }), 'team/dc1/a');
  });

  it('give the address of the service, else of its node, else a problem', () => {
    const entry = (service: object, node: object) => ({
      Service: { ID: 'i', Port: 1, ...service },
      Node: { Node: 'n', ...node },
    });
    const of = (service: object, node: object) =>
      serviceOf(NAME, readEntries([entry(service, node)]), false)!;
    assert.equal(
      of({ Address: '10.0.0.1' }, { Address: '10.0.0.2' }).service.instances[0]!.address,
      '10.0.0.1',
    );
    assert.equal(of({ Address: '' }, { Address: '10.0.0.2' }).service.instances[0]!.address, '10.0.0.2');
    const none = of({}, {});
    assert.deepEqual(none.service.instances, []);
    assert.match(none.problems.get('n/i')!.reason, /has an address/);
  });

  it('of two nodes with one service id give two instances', () => {
    const entries = readEntries(
      ['n1', 'n2'].map((node) => ({
        Service: { ID: 'a', Port: 1 },
        Node: { Node: node, Address: '10.0.0.1' },
      })),
    );
    const ids = serviceOf(NAME, entries, false)!.service.instances.map(({ id }) => id);
    assert.deepEqual(ids, ['n1/a', 'n2/a']);
  });

  it('of an empty service give an empty one, of nothing but proxies none', () => {
    assert.deepEqual(serviceOf(NAME, [], false)!.service.instances, []);
    const proxies = readEntries([{ Service: { ID: 'p', Kind: 'connect-proxy' } }]);
    assert.equal(serviceOf(NAME, proxies, false), undefined);
  });

  it('carry the locality of the service, else of the node', () => {
    const [entry] = readEntries([
      { Service: { ID: 'a', Locality: { Zone: 'z2' } }, Node: { Locality: { Region: 'r1', Zone: 'z1' } } },
    ]);
    assert.deepEqual([entry!.region, entry!.zone], ['r1', 'z2']);
  });

  it('tell a check that failed and passed again between two looks', () => {
    const check = (ModifyIndex: number) => ({
      ...{ ServiceName: 'a', ServiceID: 'a', Node: 'n', CheckID: 'c', Status: 'passing' },
      ModifyIndex,
    });
    assert.notDeepEqual(readCheckStates([check(3)]), readCheckStates([check(5)]));
    assert.deepEqual(readCheckStates([check(3)]), readCheckStates([check(3)]));
  });

  it('lead to the next index: backwards begins anew, zero counts as one', () => {
    assert.equal(nextIndex(0, 7), 7);
    assert.equal(nextIndex(7, 7), 7);
    assert.equal(nextIndex(7, 3), 0);
    assert.equal(nextIndex(0, 0), 1);
  });

  it('are asked for the less often the larger they are', () => {
    assert.equal(gapAfter(2_000), 100);
    assert.equal(gapAfter(25_000_000), 2_500);
  });

  it('never do more than be refused with a sentence', () => {
    const readers = [readServices, readDatacenters, readEntries, readCheckStates];
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...readers), (json, read) => {
        try {
          read(json);
        } catch (error) {
          assert.match((error as Error).message, /^the answer /);
        }
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (json) => {
        serviceOf(NAME, readEntries(json), true);
        readCheckStates(json);
      }),
    );
  });
});
