/** Hosts, resources and VIPs (decisions 1 to 4), Dubbo's hosts (decision 11). */
import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { isHostName } from '../../../../src/bridge/check';
import { Assignment, ConvertConfigError, compileRules } from '../../../../src/bridge/convert';
import { hostName, resourceName, withSuffix } from '../../../../src/bridge/convert/names';
import { VipRange } from '../../../../src/bridge/convert/vip';
import type { RegistryService } from '../../../../src/bridge/model';
import {
  codes,
  convert,
  convertAll,
  dubboInterface,
  globalConfig,
  instance,
  only,
  service,
  sourceConfig,
} from './facts';

const one = () => [instance('10.0.0.1:1')];
const hostsOf = (
  services: RegistryService[],
  config: Parameters<typeof convert>[0]['config'] = {},
  type = 'nacos',
) => [...convertAll({}, { registry: { services, config, type } }).entries.keys()].sort();

describe('convert: hosts', () => {
  it('are the name, group and namespace in lower case', () => {
    assert.deepEqual(hostsOf([service('Orders', one())]), ['orders.default-group.public.nacos']);
  });

  it('parts that a registry does not have vanish', () => {
    assert.deepEqual(hostsOf([service('ORDERS', one(), { namespace: '', group: '' })], {}, 'eureka'), [
      'orders.eureka',
    ]);
    assert.deepEqual(hostsOf([service('orders', one(), { namespace: '', group: '' })]), [
      'orders.default-group.public.nacos',
    ]);
  });

  it('caseCompat nacos-istio keeps the case', () => {
    assert.deepEqual(hostsOf([service('Orders', one())], { caseCompat: 'nacos-istio' }), [
      'Orders.DEFAULT-GROUP.public.nacos',
    ]);
  });

  it('follow a template', () => {
    const hostTemplate = '{service}-{group}.{namespace}.legacy.example.com';
    assert.deepEqual(hostsOf([service('a', one())], { hostTemplate }), [
      'a-default-group.public.legacy.example.com',
    ]);
  });

  for (const [name, host] of [
    ['订单服务', 'xn--zfr3pq20ciq8a.default-group.public.nacos'],
    ['_a__b_', 'a--b.default-group.public.nacos'],
    ['com.foo.Bar', 'com.foo.bar.default-group.public.nacos'],
    ['providers:x:1.0', 'providers-x-1.0.default-group.public.nacos'],
    ['..a..', 'a.default-group.public.nacos'],
  ] as const)
    it(`${name} is ${host}`, () => assert.deepEqual(hostsOf([service(name, one())]), [host]));

  it('a last label of digits gets letters, as istiod refuses it otherwise', () => {
    assert.deepEqual(
      hostsOf([service('a', one(), { namespace: '42' })], { hostTemplate: '{service}.{namespace}' }),
      ['a.n-42'],
    );
  });

  it('of any text is a valid host name, and the same each time', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ maxLength: 400 })),
        fc.boolean(),
        (text, keepCase) => {
          const host = hostName(text, { keepCase });
          assert.ok(isHostName(host), `${JSON.stringify(text)} gave ${host}`);
          assert.ok(isHostName(withSuffix(host, 'abcdef')));
          assert.equal(hostName(text, { keepCase }), host);
          assert.match(resourceName(host), /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
        },
      ),
      { numRuns: 2000, seed: 7 },
    );
  });

  it('equal after sanitising: the byte-wise first keeps the host, others get a hash, whatever the order', () => {
    const services = ['a_b', 'A-b', 'a-b'].map((name) => service(name, one()));
    const hosts = hostsOf(services);
    assert.equal(hosts.length, 3);
    assert.deepEqual(hostsOf([...services].reverse()), hosts);
    assert.ok(hosts.includes('a-b.default-group.public.nacos'));
    for (const host of hosts.filter((each) => each !== 'a-b.default-group.public.nacos'))
      assert.match(host, /^a-b-[0-9a-f]{6}\.default-group\.public\.nacos$/);
    const { entries } = convertAll({}, { registry: { services } });
    const plain = entries.get('a-b.default-group.public.nacos')!;
    assert.deepEqual(plain.from, ['registry/public/DEFAULT_GROUP/A-b']);
  });

  it('a host under the cluster domain is refused and said, unless allowed', () => {
    const hostTemplate = '{service}.{namespace}.svc.cluster.local';
    const services = [service('reviews', one(), { namespace: 'shop' })];
    const { entries, rejections } = convert({ config: { hostTemplate }, services });
    assert.equal(entries.size, 0);
    assert.deepEqual(codes(rejections), ['cluster-domain']);
    const allowed = { hostTemplate, allowClusterDomain: ['*.shop.svc.cluster.local'] };
    assert.deepEqual(hostsOf(services, allowed), ['reviews.shop.svc.cluster.local']);
  });

  it('overrides give another host and more of them', () => {
    const overrides = [
      { match: { service: 'a' }, host: 'a.legacy', aliases: ['a.old', 'b.svc.cluster.local'] },
    ];
    const { entries, rejections } = convert({ config: { overrides }, services: [service('a', one())] });
    assert.deepEqual([...entries.keys()].sort(), ['a.legacy', 'a.old']);
    assert.notDeepEqual(entries.get('a.legacy')!.addresses, entries.get('a.old')!.addresses);
    assert.deepEqual(codes(rejections), ['cluster-domain']);
  });
});

describe('convert: resources', () => {
  it('are in a namespace without workloads, exported to all, named by the host', () => {
    const entry = only({ services: [service('orders', one())] });
    assert.equal(entry.namespace, 'inmesh-registry');
    assert.deepEqual(entry.exportTo, ['*']);
    assert.match(entry.name, /^orders-default-group-public-nacos-[0-9a-f]{8}$/);
    assert.equal(entry.location, 'MESH_INTERNAL');
  });

  it('namespace and exportTo by registry namespace, by override, by trusted metadata', () => {
    const at = (
      more: Partial<RegistryService>,
      config: Parameters<typeof convert>[0]['config'],
      metadata = {},
    ) =>
      only({ config: config ?? {}, services: [service('a', [instance('10.0.0.1:1', { metadata })], more)] });
    assert.equal(at({ namespace: 'dev' }, { resourceNamespaces: { dev: 'team-dev' } }).namespace, 'team-dev');
    const overrides = [{ match: { namespace: 'd*' }, resourceNamespace: 'team', exportTo: ['.', 'shop'] }];
    const entry = at({ namespace: 'dev' }, { overrides });
    assert.deepEqual([entry.namespace, entry.exportTo], ['team', ['.', 'shop']]);
    const said = { 'inmesh.namespace': 'own' };
    assert.equal(at({}, {}, said).namespace, 'inmesh-registry');
    assert.equal(at({}, { trustMetadata: ['namespace'] }, said).namespace, 'own');
    assert.equal(
      at({}, { trustMetadata: ['namespace'] }, { 'inmesh.namespace': 'No/Name' }).namespace,
      'inmesh-registry',
    );
  });

  it('settings that would make every entry a refused one are told at once', () => {
    const compile = (config: Parameters<typeof sourceConfig>[0], global = {}) =>
      compileRules(globalConfig(global), [{ name: 'n', type: 'nacos', convert: sourceConfig(config) }]);
    const wrong: [() => unknown, string][] = [
      [() => compile({ exportTo: ['*', 'a'] }), 'n.exportTo'],
      [() => compile({ entryLabels: { 'a b': 'c' } }), 'n.entryLabels.a b'],
      [() => compile({ setLabels: { a: 'ü' } }), 'n.setLabels.a'],
      [() => compile({ networks: { '10.0.0.0/99': 'x' } }), 'n.networks'],
      [() => compile({ meshCidrs: ['1.2.3'] }), 'n.meshCidrs'],
      [() => compile({ hostTemplate: '{name}.x' }), 'n.hostTemplate'],
      [() => compile({ overrides: [{ match: {}, abnormal: ['a/b'] }] }), 'n.overrides.0.abnormal'],
      [() => compile({}, { networks: { '10.0.0.0/99': 'x' } }), 'networks'],
      [() => compile({}, { meshCidrs: ['1.2.3'] }), 'meshCidrs'],
      [() => compile({}, { vipExclude: ['1.2.3'] }), 'vipExclude'],
      [() => compile({}, { merge: [{ host: 'a', from: ['other/a'] }] }), 'merge.0.from.0'],
      [() => compile({}, { vipCidr: '10.0.0.0/33' }), 'vipCidr'],
      [() => compile({}, { vipCidr: '240.240.0.0/16' }), 'vipCidr'],
      [() => compile({}, { merge: [{ host: 'a_b', from: ['n/a'] }] }), 'merge.0.host'],
      [
        () =>
          compile(
            {},
            {
              merge: [
                { host: 'a', from: ['n/a'] },
                { host: 'b', from: ['n/a'] },
              ],
            },
          ),
        'merge',
      ],
      [
        () => compile({}, { joinKubernetes: [{ host: 'a.b', namespace: 'b', portNames: {}, from: [] }] }),
        'joinKubernetes.0.portNames',
      ],
    ];
    for (const [make, path] of wrong)
      assert.throws(
        make,
        (error) => error instanceof ConvertConfigError && error.path.join('.') === path,
        path,
      );
  });
});

describe('convert: VIPs', () => {
  const standard = new VipRange('240.0.0.0/4', ['240.240.0.0/16', '255.0.0.0/8']);

  it("are in 240/4, outside istiod's own range and 255/8, and stay the same", () => {
    for (let i = 0; i < 5000; i++) {
      const vip = standard.address(`host-${i}`, 0);
      const [a, b] = vip.split('.').map(Number) as [number, number];
      assert.ok(a >= 240 && a <= 254 && !(a === 240 && b === 240), vip);
    }
    assert.equal(
      standard.address('orders.default-group.public.nacos', 0),
      standard.address('orders.default-group.public.nacos', 0),
    );
  });

  it('reach the first and the last address of a small range', () => {
    const small = new VipRange('10.0.0.0/30', ['10.0.0.1/32']);
    const found = new Set(Array.from({ length: 200 }, (_unused, i) => small.address(`h${i}`, 0)));
    assert.deepEqual([...found].sort(), ['10.0.0.0', '10.0.0.2', '10.0.0.3']);
  });
});

describe('convert: assignment', () => {
  /** What a common order gives: one after the other takes its first wish that is free. */
  function serial(
    names: readonly string[],
    wish: (name: string, attempt: number) => string | undefined,
  ): Map<string, string> {
    const taken = new Set<string>();
    const slots = new Map<string, string>();
    for (const name of [...names].sort())
      for (let attempt = 0; ; attempt++) {
        const slot = wish(name, attempt);
        if (slot === undefined) break;
        if (taken.has(slot)) continue;
        taken.add(slot);
        slots.set(name, slot);
        break;
      }
    return slots;
  }

  it('depends on who is there, not on who came first', () => {
    // Wishes repeat themselves, as hashes over a small range do.
    const wish = (name: string, attempt: number) =>
      attempt < 6
        ? String((name.charCodeAt(0) * (attempt ** 3 + 1) + name.length * attempt ** 2 * 5) % 7)
        : undefined;
    const names = fc.string({ unit: fc.constantFrom(...'abcdefgh'), minLength: 1, maxLength: 2 });
    const step = fc.tuple(fc.boolean(), names);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const all = new Assignment<string>((a, b) => (a < b ? -1 : a > b ? 1 : 0), wish);
        const there = new Set<string>();
        for (const [add, name] of steps) {
          const before = new Map(
            ['0', '1', '2', '3', '4', '5', '6'].map((slot) => [slot, all.holderOf(slot)]),
          );
          const moved = new Set<string>();
          if (add) all.add(name, moved);
          else all.remove(name, moved);
          if (add) there.add(name);
          else there.delete(name);
          const expected = serial([...there], wish);
          for (const each of there)
            assert.equal(all.slotOf(each), expected.get(each), `${[...there]}: ${each}`);
          for (const [slot, holder] of before) if (holder !== all.holderOf(slot)) assert.ok(moved.has(slot));
          const sad = [...there].filter((each) => expected.get(each) !== wish(each, 0)).sort();
          assert.deepEqual([...all.disappointed()].sort(), sad);
        }
      }),
      { numRuns: 500, seed: 3 },
    );
  });
});

describe('convert: Dubbo', () => {
  const provider = (at: string, metadata: Record<string, string> = {}, protocol = 'dubbo') =>
    instance(at, { id: `${protocol}://${at}`, protocol, metadata: { application: 'shop', ...metadata } });
  const greeting = dubboInterface('demo.GreetingService', [provider('10.0.0.1:20880')], {
    group: 'g1',
    version: '1.0.0',
    application: 'shop',
  });
  const stock = dubboInterface(
    'demo.StockService',
    [provider('10.0.0.1:20880'), provider('10.0.0.2:20880')],
    { application: 'shop' },
  );
  const application: RegistryService = service(
    'shop',
    [
      instance('10.0.0.1:20880', {
        metadata: {
          'dubbo.endpoints': '[{"port":20880,"protocol":"dubbo"},{"port":50051,"protocol":"tri"}]',
        },
      }),
    ],
    {
      key: 'application/shop',
      kind: 'dubbo-application',
      namespace: '',
      group: '',
      dubbo: { interface: '', group: '', version: '', application: 'shop' },
    },
  );
  const hosts = (choice: 'auto' | 'application' | 'interface' | 'both', ...services: RegistryService[]) =>
    hostsOf(services, { dubbo: { ...sourceConfig().dubbo, hosts: choice } }, 'zookeeper');

  it('hosts name the interface, its group and version without colons', () => {
    assert.deepEqual(hosts('interface', greeting, stock), [
      'demo.greetingservice.g1.1-0-0.dubbo',
      'demo.stockservice.dubbo',
    ]);
  });

  it('application, interface or both; auto is both', () => {
    assert.deepEqual(hosts('application', greeting, stock, application), ['shop.dubbo']);
    const both = ['demo.greetingservice.g1.1-0-0.dubbo', 'demo.stockservice.dubbo', 'shop.dubbo'];
    assert.deepEqual(hosts('both', greeting, stock, application), both);
    assert.deepEqual(hosts('auto', greeting, stock, application), both);
    assert.deepEqual(hosts('interface', application), []);
  });

  it('an application that only registers interfaces is made of them, each address once', () => {
    const { entries, rejections } = convertAll(
      {},
      {
        zk: {
          type: 'zookeeper',
          config: { dubbo: { ...sourceConfig().dubbo, hosts: 'application' } },
          services: [greeting, stock],
        },
      },
    );
    assert.deepEqual(
      entries.get('shop.dubbo')!.endpoints.map(({ address }) => address),
      ['10.0.0.1', '10.0.0.2'],
    );
    assert.deepEqual(codes(rejections), []);
  });

  it('interfaces of no known application keep their own hosts', () => {
    const bare = dubboInterface('demo.Old', [instance('10.0.0.9:20880', { protocol: 'dubbo' })]);
    assert.deepEqual(hosts('application', bare), ['demo.old.dubbo']);
  });

  it("an application's instance has all its ports", () => {
    const { entries } = convertAll({}, { zk: { type: 'zookeeper', services: [application] } });
    const entry = entries.get('shop.dubbo')!;
    assert.deepEqual(
      entry.ports.map(({ name, number }) => [name, number]),
      [
        ['grpc', 80],
        ['tcp-dubbo', 20880],
      ],
    );
    assert.deepEqual(entry.endpoints[0]!.ports, { grpc: 50051, 'tcp-dubbo': 20880 });
  });

  it('dubbo and tri of one interface are two hosts; dubbo has the plain one', () => {
    const two = dubboInterface('demo.Two', [
      provider('10.0.0.1:20880'),
      provider('10.0.0.1:50051', {}, 'tri'),
    ]);
    assert.deepEqual(hosts('interface', two), ['demo.two.dubbo', 'grpc.demo.two.dubbo']);
  });

  it("parameters of Dubbo's URLs are no labels, own ones are", () => {
    const entry = dubboInterface('demo.A', [
      provider('10.0.0.1:1', { methods: 'a,b', timestamp: '1', 'dubbo.tag': 'gray', region2: 'eu' }),
    ]);
    const { entries, rejections } = convertAll(
      {},
      {
        zk: {
          type: 'zookeeper',
          config: { dubbo: { ...sourceConfig().dubbo, hosts: 'interface' } },
          services: [entry],
        },
      },
    );
    assert.deepEqual(Object.keys(entries.get('demo.a.dubbo')!.endpoints[0]!.labels), [
      'app',
      'application',
      'dubbo.tag',
      'region2',
      'security.istio.io/tlsMode',
      'service.istio.io/canonical-name',
    ]);
    assert.deepEqual(codes(rejections), []);
  });
});
