/** Last known good, gate, grace, and what a change costs (decisions 14 to 16). */
import { strict as assert } from 'node:assert';
import { instance, service } from '../convert/facts';
import { World } from './world';

const orders = (...at: string[]) =>
  service(
    'orders',
    at.map((each) => instance(each)),
  );
const NAME = /^inmesh-registry\/orders-default-group-public-nacos-[0-9a-f]{8}$/;

describe('catalogue: gate', () => {
  it('stays closed until every source is synchronised', () => {
    const world = new World({ sources: { a: {}, b: {} } });
    world.catalogue.start();
    world.sink('a').update(orders('10.0.0.1:1'));
    world.sink('a').synced();
    assert.equal(world.catalogue.snapshot, undefined);
    assert.deepEqual(world.catalogue.waitingFor, ['b']);
    world.sink('b').synced();
    assert.deepEqual(world.served, { orders: 1 });
    assert.equal(world.changes.length, 1);
    assert.match(world.changes[0]![0]!, NAME);
  });

  it('opens without a source that was not read in time, with an alarm; what it tells later counts', () => {
    const world = new World({ sources: { a: {}, b: { syncTimeoutMs: 5000 } } });
    world.catalogue.start();
    world.sink('a').synced();
    world.clock.pass(4999);
    assert.equal(world.catalogue.snapshot, undefined);
    world.clock.pass(1);
    assert.deepEqual(world.served, {});
    assert.deepEqual(world.said, ['catalogue.sync-timeout {"source":"b","detail":""}']);
    world.sink('b').update(orders('10.0.0.1:1'));
    assert.deepEqual(world.served, { orders: 1 });
  });

  it('waits for ever for a required source', () => {
    const world = new World({ sources: { a: { required: true } } });
    world.catalogue.start();
    world.clock.pass(86_400_000);
    assert.equal(world.catalogue.snapshot, undefined);
    world.sink('a').synced();
    assert.ok(world.catalogue.snapshot);
  });

  it('opens at once with nothing to wait for, and tells so even when nothing is served', () => {
    const world = new World({ sources: {} });
    world.catalogue.start();
    assert.deepEqual(world.changes, [[]]);
  });

  it('opens with a snapshot of the disk; the registry then counts, also in what it no longer has', () => {
    const before = World.up();
    before.sink().update(orders('10.0.0.1:1'));
    before.sink().update(service('pay', [instance('10.0.0.2:1')]));
    const world = new World({ sources: { nacos: { required: true } } });
    assert.equal(
      world.catalogue.importState(JSON.parse(JSON.stringify(before.catalogue.exportState()))),
      undefined,
    );
    world.catalogue.start();
    assert.deepEqual([...world.catalogue.snapshot!.entries], [...before.catalogue.snapshot!.entries]);
    assert.deepEqual(
      [...world.catalogue.services()].map(({ standing }) => standing),
      ['from disk', 'from disk'],
    );
    world.changes.length = 0;
    world.sink().state('up');
    world.sink().update(orders('10.0.0.1:1'));
    assert.deepEqual(world.changes, [], 'the same again is no news');
    world.sink().synced();
    assert.deepEqual(world.served, { orders: 1, pay: 1 }, 'the registry may have just begun as well');
    world.clock.pass(15_000);
    assert.deepEqual(world.served, { orders: 1, pay: 0 });
    assert.deepEqual(
      [...world.catalogue.services()].map(({ standing }) => standing),
      ['current'],
    );
  });

  it('a snapshot that makes no sense is refused in one sentence; bad services in it are left out', () => {
    const { catalogue } = new World();
    for (const value of [undefined, null, 1, [], {}, { version: 2 }, { version: 1 }])
      assert.match(catalogue.importState(value)!, /^it /);
    const services = [orders('10.0.0.1:1'), { key: 'x' }, null, { ...orders(), instances: [{}] }];
    assert.equal(
      catalogue.importState({
        version: 1,
        sources: [{ name: 'nacos', services }, { name: 'gone', services }, 7],
      }),
      undefined,
    );
    catalogue.start();
    assert.equal(catalogue.snapshot!.entries.size, 1);
  });
});

describe('catalogue: changes', () => {
  it('tells the changed names and when the news came; unchanged entries stay the same objects', () => {
    const world = World.up();
    const times: number[] = [];
    world.catalogue.onChange((_changed, receivedAt) => times.push(receivedAt));
    world.sink().update(orders('10.0.0.1:1'));
    world.sink().update(service('pay', [instance('10.0.0.2:1')]));
    const pay = world.entry('pay.default-group.public.nacos');
    const first = world.catalogue.snapshot;
    world.changes.length = 0;
    world.clock.pass(10);
    world.sink().update(orders('10.0.0.1:1', '10.0.0.9:1'));
    assert.equal(world.changes.length, 1);
    assert.match(world.changes[0]!.join(), NAME);
    assert.equal(times.at(-1), world.clock.now());
    assert.equal(world.entry('pay.default-group.public.nacos'), pay);
    assert.notEqual(world.catalogue.snapshot, first, 'a snapshot is never changed');
    assert.deepEqual(world.served, { orders: 2, pay: 1 });
  });

  it('what is told again unchanged is no news, nor is what changes nothing that is served', () => {
    const world = World.up();
    world.sink().update(orders('10.0.0.1:1'));
    world.changes.length = 0;
    world.sink().update(orders('10.0.0.1:1'));
    world
      .sink()
      .update(service('orders', [instance('10.0.0.1:1'), instance('10.0.0.2:1', { healthy: false })]));
    assert.deepEqual(world.changes, []);
  });

  it('metadata only and weight only are changes', () => {
    const world = World.up();
    const of = (weight: number, lane: string) =>
      service('orders', [instance('10.0.0.1:1', { weight, metadata: { lane } }), instance('10.0.0.2:1')]);
    world.sink().update(of(1, 'a'));
    world.sink().update(of(1, 'b'));
    world.sink().update(of(3, 'b'));
    assert.deepEqual(
      world.changes.slice(1).map(({ length }) => length),
      [1, 1, 1],
    );
  });

  it('the snapshot is in byte order by name', () => {
    const world = World.up();
    for (const name of ['b', 'c', 'a', 'B-']) world.sink().update(service(name, [instance('10.0.0.1:1')]));
    const names = [...world.catalogue.snapshot!.entries.keys()];
    assert.deepEqual(names, [...names].sort());
    assert.equal(names.length, 4);
  });

  it('a source that does not exist has no sink', () => {
    assert.throws(() => World.up().sink('other'), /no source other/);
  });
});

describe('catalogue: emptying', () => {
  it('an emptied service is served without endpoints for the grace, then removed', () => {
    const world = World.up();
    world.sink().update(orders('10.0.0.1:1'));
    const { addresses, ports } = world.entry('orders.default-group.public.nacos')!;
    world.sink().update(orders());
    const empty = world.entry('orders.default-group.public.nacos')!;
    assert.deepEqual([empty.endpoints, empty.addresses, empty.ports], [[], addresses, ports]);
    world.clock.pass(19_999);
    assert.deepEqual(world.served, { orders: 0 });
    world.changes.length = 0;
    world.clock.pass(1);
    assert.deepEqual(world.served, {});
    assert.match(world.changes[0]!.join(), NAME);
  });

  it('so is a service that the registry removes; one that comes back is as before', () => {
    const world = World.up();
    world.sink().update(orders('10.0.0.1:1'));
    const before = world.entry('orders.default-group.public.nacos');
    world.sink().remove('public/DEFAULT_GROUP/orders');
    assert.deepEqual(world.served, { orders: 0 });
    world.clock.pass(10_000);
    world.sink().update(orders('10.0.0.1:1'));
    assert.deepEqual(world.entry('orders.default-group.public.nacos'), before);
    world.clock.pass(60_000);
    assert.deepEqual(world.served, { orders: 1 });
    assert.equal(world.clock.pending, 0);
  });

  it('an emptied DNS service is STATIC, as it would resolve its own host', () => {
    const world = World.up();
    world.sink().update(orders('legacy.example.com:80'));
    assert.equal(world.entry('orders.default-group.public.nacos')!.resolution, 'DNS');
    world.sink().update(orders());
    assert.equal(world.entry('orders.default-group.public.nacos')!.resolution, 'STATIC');
  });

  it('a service that never had instances is not served', () => {
    const world = World.up();
    world.sink().update(orders());
    assert.deepEqual(world.served, {});
  });

  it('the host of one protocol is emptied, too, when its last instance goes', () => {
    const world = World.up();
    const grpc = instance('10.0.0.2:2', { metadata: { protocol: 'grpc' } });
    world.sink().update(service('orders', [instance('10.0.0.1:1'), grpc]));
    assert.deepEqual(world.served, { orders: 1, grpc: 1 });
    world.sink().update(orders('10.0.0.1:1'));
    assert.deepEqual(world.served, { orders: 1, grpc: 0 });
    world.clock.pass(20_000);
    assert.deepEqual(world.served, { orders: 1 });
  });

  it('a source out of touch empties nothing until it is synchronised again', () => {
    const world = World.up();
    world.sink().update(orders('10.0.0.1:1'));
    world.sink().update(service('pay', [instance('10.0.0.2:1')]));
    world.sink().state('down', 'connection refused');
    world.clock.pass(3_600_000);
    world.sink().state('up');
    world.sink().update(orders());
    world.sink().remove('public/DEFAULT_GROUP/pay');
    assert.deepEqual(world.served, { orders: 1, pay: 1 });
    assert.deepEqual(
      [...world.catalogue.services()].map(({ standing }) => standing),
      Array(2).fill('kept while out of touch'),
    );
    world.sink().synced();
    assert.deepEqual(world.served, { orders: 0, pay: 0 });
  });

  it('what comes back while out of touch counts at once', () => {
    const world = World.up();
    world.sink().update(orders('10.0.0.1:1'));
    world.sink().state('down');
    world.sink().update(orders());
    world.sink().update(orders('10.0.0.2:1'));
    world.sink().synced();
    assert.equal(world.entry('orders.default-group.public.nacos')!.endpoints[0]!.address, '10.0.0.2');
  });

  it('a source that is up and never ends its report is believed after its time, with an alarm', () => {
    const world = World.up();
    world.sink().update(orders('10.0.0.1:1'));
    world.sink().state('down');
    world.sink().state('up');
    world.sink().update(orders());
    world.clock.pass(59_999);
    assert.deepEqual(world.served, { orders: 1 });
    world.clock.pass(1);
    assert.deepEqual(world.served, { orders: 0 });
    assert.deepEqual(world.said, ['catalogue.never-synced {"source":"nacos"}']);
  });
});

describe('catalogue: hosts and reports', () => {
  it('the host of the byte-wise first; when that goes the other moves, and its old host is emptied', () => {
    const world = World.up({ sources: { nacos: {} } });
    world.sink().update(service('a-b', [instance('10.0.0.1:1')]));
    world.sink().update(service('A_b', [instance('10.0.0.2:1')]));
    assert.equal(world.entry('a-b.default-group.public.nacos')!.endpoints[0]!.address, '10.0.0.2');
    assert.deepEqual(world.codes, ['host-taken public/DEFAULT_GROUP/a-b']);
    const [second] = Object.keys(world.served).filter((host) => host !== 'a-b');
    assert.match(second!, /^a-b-[0-9a-f]{6}$/);
    world.sink().remove('public/DEFAULT_GROUP/A_b');
    assert.equal(world.entry('a-b.default-group.public.nacos')!.endpoints[0]!.address, '10.0.0.1');
    assert.equal(world.served[second!], 0);
    assert.deepEqual(world.codes, []);
    world.clock.pass(20_000);
    assert.deepEqual(world.served, { 'a-b': 1 });
  });

  it('a VIP that two hosts want goes to the first by name; a moved one is said', () => {
    const world = World.up({ convert: { vipCidr: '240.0.0.0/31' } });
    world.sink().update(service('b', [instance('10.0.0.1:1')]));
    world.sink().update(service('c', [instance('10.0.0.1:1')]));
    world.sink().update(service('a', [instance('10.0.0.1:1')]));
    const vips = [...world.catalogue.snapshot!.entries.values()].map(({ host, addresses }) => [
      host[0],
      addresses.length,
    ]);
    assert.deepEqual(vips, [
      ['a', 1],
      ['b', 1],
      ['c', 0],
    ]);
    assert.deepEqual(world.codes, ['no-vip public/DEFAULT_GROUP/c']);
    const used = new Set(
      [...world.catalogue.snapshot!.entries.values()].flatMap(({ addresses }) => addresses),
    );
    assert.equal(used.size, 2);
    world.sink().remove('public/DEFAULT_GROUP/a');
    world.clock.pass(20_000);
    assert.deepEqual(world.codes, []);
  });

  it('a service of which istiod would take nothing is not served and listed', () => {
    const portNames = { http: 'web', grpc: 'web' };
    const joined = {
      host: 'orders.shop.svc.cluster.local',
      namespace: 'shop',
      portNames,
      from: ['nacos/orders'],
    };
    const world = World.up({ convert: { joinKubernetes: [joined] } });
    const both = (metadata: Record<string, string>) =>
      service('orders', [instance('10.0.0.1:1', { metadata })]);
    world.sink().update(both({ gRPC_port: '2' }));
    assert.deepEqual(world.served, {});
    assert.deepEqual(world.codes, ['port-twice public/DEFAULT_GROUP/orders']);
    world.sink().update(both({}));
    assert.deepEqual(world.served, { orders: 1 });
    assert.deepEqual(world.codes, []);
    world.sink().update(both({ gRPC_port: '2' }));
    assert.deepEqual(world.served, { orders: 0 });
    assert.deepEqual(world.codes, ['port-twice public/DEFAULT_GROUP/orders']);
    world.sink().remove('public/DEFAULT_GROUP/orders');
    assert.deepEqual(world.codes, []);
  });

  it('problems of the registry are listed until they are taken back', () => {
    const world = World.up();
    world.sink().problem('x', 'i', { service: 'x', instance: 'i', reason: 'revision unknown' });
    world.sink().problem('x', undefined, { service: 'x', reason: 'not readable' });
    assert.deepEqual(world.codes, ['registry x', 'registry x']);
    world.sink().problem('x', 'i', undefined);
    assert.deepEqual(world.codes, ['registry x']);
  });

  it('a service that breaks the contract is listed and takes nothing along; in order again it is served', () => {
    const world = World.up();
    world.sink().update(service('pay', [instance('10.0.0.9:1')]));
    const broken = [
      { ...orders('10.0.0.1:1'), instances: undefined as never },
      service('orders', [{ ...instance('10.0.0.1:1'), metadata: undefined as never }]),
      service('orders', [{ ...instance('10.0.0.1:1'), address: undefined as never }]),
      { ...orders('10.0.0.1:1'), name: undefined as never },
    ];
    for (const each of broken) {
      world.sink().update(each);
      assert.equal(world.codes.length, 1, JSON.stringify(world.codes));
      world.sink().update(service('pay', [instance('10.0.0.8:1')]));
      assert.deepEqual(world.served, { pay: 1 });
      world.sink().remove(each.key);
    }
    world.sink().update(orders('10.0.0.1:1'));
    assert.deepEqual(world.served, { orders: 1, pay: 1 });
    assert.deepEqual(world.codes, []);
  });

  it('sources and services are reported', () => {
    const world = World.up();
    world.sink().update(orders('10.0.0.1:1', '10.0.0.2:0'));
    world.clock.pass(500);
    world.sink().state('down', 'refused');
    assert.deepEqual(world.catalogue.sources(), [
      {
        name: 'nacos',
        type: 'nacos',
        state: 'down',
        detail: 'refused',
        synchronised: false,
        silentMs: 500,
        services: 1,
        instances: 2,
        frozen: 0,
      },
    ]);
    const [found] = world.catalogue.services();
    assert.deepEqual(found, {
      source: 'nacos',
      key: 'public/DEFAULT_GROUP/orders',
      hosts: ['orders.default-group.public.nacos'],
      instances: 2,
      served: 1,
      standing: 'current',
      unchangedMs: 500,
    });
    assert.deepEqual(world.codes, ['bad-port public/DEFAULT_GROUP/orders']);
  });

  it('close ends every timer', () => {
    const world = World.up();
    world.sink().update(orders('10.0.0.1:1'));
    world.sink().update(orders());
    world.sink().state('down');
    world.sink().state('up');
    assert.ok(world.clock.pending > 0);
    world.catalogue.close();
    assert.equal(world.clock.pending, 0);
  });
});
