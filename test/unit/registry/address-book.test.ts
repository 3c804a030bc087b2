import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AddressBook, type AddressOwner, LINGER_MS } from '../../../src/registry/address-book';

const ORDERS: AddressOwner = { host: 'orders', port: 80, pinned: true };
const USERS: AddressOwner = { host: 'users', port: 80, pinned: true };
const X = { ip: '10.0.0.1', port: 8080 };
const [LIST, OTHER] = [{}, {}];

function book() {
  const made = new AddressBook(() => undefined);
  const find = (now: number, last?: string) => made.find(X.ip, X.port, now, last)?.owner.host;
  return { made, find };
}

describe('registry: the address book (decision 25)', () => {
  it('knows whose address it is while a list holds it, and 60 s more', () => {
    const { made, find } = book();
    made.handOut(LIST, ORDERS, [X], () => false, 0);
    assert.equal(find(1_000_000), 'orders');
    made.handOut(LIST, ORDERS, [], () => false, 2_000_000);
    assert.equal(find(2_000_000 + LINGER_MS), 'orders');
    assert.equal(find(2_000_001 + LINGER_MS), undefined);
    made.sweep(2_000_001 + LINGER_MS);
    assert.equal(made.size, 0);
  });

  it('knows it while the mesh has it', () => {
    const { made, find } = book();
    made.handOut(LIST, ORDERS, [X], () => true, 0);
    made.handOut(LIST, ORDERS, [], () => false, 0);
    assert.equal(find(1_000_000), 'orders');
    made.meshHas('orders', new Set(), 1_000_000);
    assert.equal(find(1_000_001 + LINGER_MS), undefined);
  });

  it('drops at once what the mesh now gives to another host', () => {
    const { made, find } = book();
    made.handOut(LIST, ORDERS, [X], () => true, 0);
    made.handOut(LIST, ORDERS, [], () => false, 0);
    made.meshHas('orders', new Set(), 10);
    made.given('users', X.ip, X.port);
    assert.equal(find(11), undefined);
  });

  it('passes an address of two services through, counted, unless the asker has looked one of them up', () => {
    const { made, find } = book();
    made.handOut(LIST, ORDERS, [X], () => true, 0);
    made.handOut(OTHER, USERS, [X], () => true, 0);
    assert.equal(find(1), undefined);
    assert.equal(made.ambiguousCalls, 1);
    assert.equal(find(1, 'users'), 'users');
    assert.equal(find(1, 'orders'), 'orders');
    assert.ok(made.isShared(X.ip, X.port) && made.hasShared);
  });

  it('prefers port 80, else the lowest, of several ports of one host', () => {
    const { made } = book();
    const at = (port: number): AddressOwner => ({ host: 'orders', port, pinned: true });
    const lists = [9000, 8000, 80, 90].map((port) => ({ list: {}, owner: at(port) }));
    const ports = lists.map(({ list, owner }) => {
      made.handOut(list, owner, [X], () => true, 0);
      return made.find(X.ip, X.port, 0, undefined)?.owner.port;
    });
    assert.deepEqual(ports, [9000, 8000, 80, 80]);
  });

  it('is empty again after any sequence of lists whose services are gone', () => {
    const lists = [{}, {}, {}];
    const owners = [ORDERS, USERS, { host: 'pay', port: 80, pinned: true }];
    const step = fc.record({
      list: fc.nat(2),
      addresses: fc.uniqueArray(fc.nat(5), { maxLength: 6 }),
      forget: fc.boolean(),
      mesh: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const made = new AddressBook(() => undefined);
        let now = 0;
        for (const { list, addresses, forget, mesh } of steps) {
          now += 1_000;
          const all = addresses.map((last) => ({ ip: `10.0.0.${last}`, port: 80 }));
          if (forget) made.forget(lists[list]!, now);
          else made.handOut(lists[list]!, owners[list]!, all, () => mesh, now);
        }
        for (const list of lists) made.forget(list, now);
        for (const { host } of owners) made.meshHas(host, new Set(), now);
        made.sweep(now + LINGER_MS + 1);
        assert.equal(made.size, 0);
      }),
      { seed: 11 },
    );
  });
});
