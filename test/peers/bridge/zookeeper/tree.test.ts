/** Trees, users and servers that a real ZooKeeper can have, without any provider. */
import { strict as assert } from 'node:assert';
import { freePort, startZooKeeper, type ZooKeeperServer } from '../../../../lab';
import { peer } from '../../../support/peer';
import { ZooKeeperNodes } from '../../../support/registries/zookeeper-nodes';
import { createMany, protect, unprotect } from './nodes';
import { Followed } from './world';

function spring(id: string, port: number | null, metadata: object = {}, more: object = {}): string {
  const payload = {
    '@class': 'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance',
    id: 'orders',
    name: 'orders',
    metadata,
  };
  const rest = { registrationTimeUTC: 1, serviceType: 'DYNAMIC', uriSpec: null };
  return JSON.stringify({
    name: 'orders',
    id,
    address: '10.0.0.1',
    port,
    sslPort: null,
    payload,
    ...rest,
    ...more,
  });
}

function provider(iface: string, host: number): string {
  const url = `dubbo://10.0.${host >> 8}.${host & 255}:20880/${iface}?application=shop&interface=${iface}&weight=10`;
  return `/dubbo/${iface}/providers/${encodeURIComponent(url)}`;
}

describe('what a ZooKeeper can hold', function () {
  this.timeout(120_000);
  let zooKeeper: ZooKeeperServer | undefined;
  let nodes: ZooKeeperNodes | undefined;
  let followed: Followed | undefined;

  before(async function () {
    zooKeeper = peer(this, await startZooKeeper());
    nodes = await ZooKeeperNodes.connect(zooKeeper.address);
  });

  afterEach(async () => {
    await followed?.stop();
    followed = undefined;
  });

  after(async () => {
    nodes?.close();
    await zooKeeper?.stop();
  });

  it('nothing: it is synchronised, and what comes later is seen', async () => {
    followed = await new Followed(zooKeeper!.address).synced();
    assert.equal(followed.sink.services.size, 0);
    await nodes!.create(provider('first.Service', 1), '', true);
    await followed.untilStanding('interface//first.Service:', ['dubbo://10.0.0.1:20880 10']);
    await followed.untilStanding('application/shop', ['dubbo://10.0.0.1:20880 10']);
    await nodes!.remove(provider('first.Service', 1));
    await followed.untilStanding('application/shop', undefined);
  });

  it('Spring Cloud services: status, TLS port and metadata', async () => {
    followed = await new Followed(zooKeeper!.address).synced();
    await nodes!.create('/services/orders/a', spring('a', 8080, { instance_status: 'UP', zone: 'z1' }), true);
    await nodes!.create('/services/orders/b', spring('b', 8081, { instance_status: 'OUT_OF_SERVICE' }), true);
    await nodes!.create('/services/orders/c', spring('c', null, { weight: '3' }, { sslPort: 8443 }), true);
    await followed.untilStanding('service/orders', ['a 1', 'b 1 off', 'c 3']);
    const { kind, instances } = followed.sink.services.get('service/orders')!;
    assert.equal(kind, 'service');
    assert.deepEqual(
      instances.map(({ address, port, protocol, metadata }) => [address, port, protocol, metadata['zone']]),
      [
        ['10.0.0.1', 8080, undefined, 'z1'],
        ['10.0.0.1', 8081, undefined, undefined],
        ['10.0.0.1', 8443, 'https', undefined],
      ],
    );
    await nodes!.setData('/services/orders/b', spring('b', 8081, { instance_status: 'UP' }));
    await followed.untilStanding('service/orders', ['a 1', 'b 1', 'c 3']);
    for (const each of 'abc') await nodes!.remove(`/services/orders/${each}`);
    await followed.untilStanding('service/orders', undefined);
  });

  it('garbage: what is unusable is named, all else works', async () => {
    await nodes!.create('/services/broken/x', 'not JSON', true);
    await nodes!.create('/services/broken/y', spring('y', 8080), true);
    await nodes!.create(provider('broken.Service', 1), '', true);
    await nodes!.create('/dubbo/broken.Service/providers/%25%25', '', true);
    await nodes!.create('/dubbo/config/dubbo/broken.Service::.configurators', 'configs: 7');
    await nodes!.create('/dubbo/mapping/gone.Service', 'gone-application');
    await nodes!.create('/dubbo/metadata/gone-application/0123', '{}');
    followed = await new Followed(zooKeeper!.address).synced();
    assert.deepEqual(followed.standing('interface//broken.Service:'), ['dubbo://10.0.0.1:20880 10']);
    assert.deepEqual(followed.standing('service/broken'), ['y 1']);
    assert.deepEqual([...followed.sink.problems.keys()].sort(), [
      '/dubbo/broken.Service ',
      '/dubbo/config/dubbo/broken.Service::.configurators ',
      '/services/broken x',
    ]);
    assert.equal(followed.sink.services.size, 3);
    await nodes!.setData('/services/broken/x', spring('x', 8081));
    await nodes!.remove('/dubbo/broken.Service/providers/%25%25');
    await nodes!.remove('/dubbo/config/dubbo/broken.Service::.configurators');
    await followed.sink.until(() => followed!.sink.problems.size === 0, 'no problem');
    await followed.untilStanding('service/broken', ['x 1', 'y 1']);
  });

  it('an instance whose new revision is unknown keeps its services; the problem names the revision', async () => {
    const instance = (revision: string) =>
      JSON.stringify({
        id: '10.0.0.7:20880',
        name: 'keeper',
        address: '10.0.0.7',
        port: 20880,
        payload: {
          metadata: {
            'dubbo.metadata.revision': revision,
            'dubbo.metadata.storage-type': 'remote',
            'dubbo.endpoints': '[{"port":20880,"protocol":"dubbo"}]',
          },
        },
      });
    const metadata = (revision: string, weight: string) =>
      JSON.stringify({
        app: 'keeper',
        revision,
        services: {
          'k.Service:dubbo': { name: 'k.Service', protocol: 'dubbo', port: 20880, params: { weight } },
        },
      });
    await nodes!.create('/dubbo/metadata/keeper/r1', metadata('r1', '5'));
    await nodes!.create('/services/keeper/10.0.0.7:20880', instance('r1'), true);
    followed = await new Followed(zooKeeper!.address).synced();
    const { sink } = followed;
    assert.deepEqual(followed.standing('interface//k.Service:'), ['dubbo://10.0.0.7:20880 5']);
    await nodes!.setData('/services/keeper/10.0.0.7:20880', instance('r2'));
    await sink.until(() => sink.problems.size > 0, 'a problem');
    assert.match([...sink.problems.values()][0]!.reason, /^revision r2 cannot be read/);
    assert.deepEqual(followed.standing('interface//k.Service:'), ['dubbo://10.0.0.7:20880 5']);
    await nodes!.create('/dubbo/metadata/keeper/r2', metadata('r2', '6'));
    await followed.untilStanding('interface//k.Service:', ['dubbo://10.0.0.7:20880 6']);
    await sink.until(() => sink.problems.size === 0, 'no problem');
    await nodes!.remove('/services/keeper/10.0.0.7:20880');
    await followed.untilStanding('application/keeper', undefined);
  });

  it('a chroot: only what is below it; one that does not exist is told', async () => {
    await nodes!.create(`/tenant${provider('tenant.Service', 1)}`, '', true);
    followed = await new Followed(zooKeeper!.address, { chroot: '/tenant' }).synced();
    assert.deepEqual([...followed.sink.services.keys()].sort(), [
      'application/shop',
      'interface//tenant.Service:',
    ]);
    await nodes!.create(`/tenant${provider('tenant.Service', 2)}`, '', true);
    await followed.sink.until(() => followed!.standing('application/shop')?.length === 2, 'two instances');
    await followed.stop();
    followed = await new Followed(zooKeeper!.address, { chroot: '/nobody' }).synced();
    assert.match(followed.sink.problems.get('/ ')!.reason, /nothing is at the chroot \/nobody/);
  });

  it('nodes for one user only: read with the password, told without it, and seen once they are open', async () => {
    await nodes!.create(`/secret${provider('secret.Service', 1)}`);
    const guarded = '/secret/dubbo/secret.Service/providers';
    await protect(zooKeeper!.address, guarded, 'bridge', 'right');
    const user = { chroot: '/secret', username: 'bridge' };
    followed = await new Followed(zooKeeper!.address, { ...user, password: 'right' }).synced();
    assert.deepEqual(followed.standing('interface//secret.Service:'), ['dubbo://10.0.0.1:20880 10']);
    await followed.stop();
    followed = await new Followed(zooKeeper!.address, { ...user, password: 'wrong' }).synced();
    const problem = followed.sink.problems.get('/dubbo/secret.Service/providers ');
    assert.match(problem!.reason, /its ACL forbids to read it: give this bridge READ on it, or another user/);
    assert.equal(followed.sink.services.size, 0);
    await unprotect(zooKeeper!.address, guarded, 'bridge', 'right');
    await followed.untilStanding('interface//secret.Service:', ['dubbo://10.0.0.1:20880 10']);
    await followed.sink.until(() => followed!.sink.problems.size === 0, 'no problem');
  });

  it('several servers: those that do not answer are passed over, and named while none does', async () => {
    const dead = `127.0.0.1:${await freePort()}`;
    followed = await new Followed([dead, zooKeeper!.address, dead]).synced();
    await followed.stop();
    followed = new Followed([dead]);
    const { sink } = followed;
    await sink.until(() => sink.sourceState === 'down', 'down');
    assert.equal(sink.detail, `${dead}: nothing listens there (ECONNREFUSED)`);
  });

  it('thousands of interfaces: all of them, with few requests at once, and a change is seen', async () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `many.Service${index}`);
    const lists = names.map((name) => `/dubbo/${name}/providers`);
    await createMany(zooKeeper!.address, [
      names.map((name) => `/dubbo/${name}`),
      lists,
      names.flatMap((name) => [1, 2].map((host) => provider(name, host))),
    ]);
    followed = await new Followed(zooKeeper!.address, { concurrency: 20 }).synced();
    const { sink } = followed;
    assert.equal(
      [...sink.services.keys()].filter((key) => key.startsWith('interface//many.')).length,
      names.length,
    );
    assert.equal(followed.standing('interface//many.Service7:')?.length, 2);
    await nodes!.create(provider('many.Service7', 3), '', true);
    await sink.until(
      () => followed!.standing('interface//many.Service7:')?.length === 3,
      'the third instance',
    );
  });
});
