/** Ports, protocols, weights, addresses and the choice of instances (decisions 5, 6, 7, 13). */
import { strict as assert } from 'node:assert';
import type { ServedEntry } from '../../../../src/bridge/model';
import { codes, convert, convertAll, instance, only, service } from './facts';

const ports = ({ ports: all }: ServedEntry) =>
  all.map(({ name, number, protocol }) => `${name} ${number} ${protocol}`);
const addresses = ({ endpoints }: ServedEntry) => endpoints.map(({ address }) => address);
const hosts = (found: ReadonlyMap<string, ServedEntry>) => [...found.keys()].sort();

describe('convert: ports', () => {
  it('an HTTP service has port 80, every endpoint its own behind it', () => {
    const entry = only({
      services: [service('orders', [instance('10.0.0.2:8081'), instance('10.0.0.1:8080')])],
    });
    assert.deepEqual(ports(entry), ['http 80 HTTP']);
    assert.deepEqual(
      entry.endpoints.map(({ address, ports: own }) => [address, own]),
      [
        ['10.0.0.1', { http: 8080 }],
        ['10.0.0.2', { http: 8081 }],
      ],
    );
  });

  for (const [protocol, expected] of [
    ['grpc', 'grpc 80 GRPC'],
    ['tri', 'grpc 80 GRPC'],
    ['Triple', 'grpc 80 GRPC'],
    ['dubbo', 'tcp-dubbo 20880 TCP'],
    ['https', 'https 443 HTTPS'],
    ['TCP', 'tcp 9000 TCP'],
    ['redis', 'redis 6379 REDIS'],
  ] as const)
    it(`metadata protocol=${protocol} is ${expected}`, () => {
      assert.deepEqual(
        ports(only({ services: [service('a', [instance('10.0.0.1:1', { metadata: { protocol } })])] })),
        [expected],
      );
    });

  it("the registry's own word on the protocol comes before metadata, secure=true means HTTPS", () => {
    const said = instance('10.0.0.1:1', { protocol: 'dubbo', metadata: { protocol: 'http' } });
    assert.deepEqual(ports(only({ services: [service('a', [said])] })), ['tcp-dubbo 20880 TCP']);
    const secure = instance('10.0.0.1:1', { metadata: { secure: 'true' } });
    assert.deepEqual(ports(only({ services: [service('a', [secure])] })), ['https 443 HTTPS']);
  });

  it('gRPC_port is a second port; gRPC gives port 80 to HTTP', () => {
    const both = instance('10.0.0.1:8080', { metadata: { gRPC_port: '9999' } });
    const entry = only({ services: [service('a', [both])] });
    assert.deepEqual(ports(entry), ['http 80 HTTP', 'grpc 9090 GRPC']);
    assert.deepEqual(entry.endpoints[0]!.ports, { http: 8080, grpc: 9999 });
  });

  it('instances that disagree make two ServiceEntries, as no endpoint may miss a port', () => {
    const { entries } = convert({
      services: [
        service('a', [
          instance('10.0.0.1:1'),
          instance('10.0.0.2:2', { metadata: { protocol: 'grpc' } }),
          instance('10.0.0.3:3', { metadata: { gRPC_port: '4' } }),
        ]),
      ],
    });
    assert.deepEqual(hosts(entries), ['a.default-group.public.nacos', 'grpc.a.default-group.public.nacos']);
    assert.deepEqual(addresses(entries.get('a.default-group.public.nacos')!), ['10.0.0.1', '10.0.0.3']);
    const grpc = entries.get('grpc.a.default-group.public.nacos')!;
    assert.deepEqual(
      grpc.endpoints.map(({ ports: own }) => own),
      [{ grpc: 2 }, { grpc: 4 }],
    );
    assert.deepEqual(ports(grpc), ['grpc 80 GRPC']);
  });

  it('an unknown protocol is served as TCP and said', () => {
    const { entries, rejections } = convert({
      services: [service('a', [instance('10.0.0.1:1', { metadata: { protocol: 'smoke' } })])],
    });
    assert.deepEqual([...entries.values()].map(ports), [['tcp 9000 TCP']]);
    assert.deepEqual(codes(rejections), ['unknown-protocol 10.0.0.1:1']);
  });

  it('port numbers can be set for a source and for a service', () => {
    const config = {
      ports: { http: 8000 },
      overrides: [{ match: { service: 'b*' }, ports: { http: 9000 } }],
    };
    const { entries } = convert({
      config,
      services: [service('a', [instance('10.0.0.1:1')]), service('b1', [instance('10.0.0.1:2')])],
    });
    assert.deepEqual([...entries.values()].map(ports), [['http 8000 HTTP'], ['http 9000 HTTP']]);
  });

  it('instancePorts also serves at most 8 of the own ports, each mapped on every endpoint', () => {
    const many = Array.from({ length: 10 }, (_unused, i) => instance(`10.0.0.${i}:${8080 + i}`));
    const { entries, rejections } = convert({
      config: { instancePorts: true },
      services: [service('a', many)],
    });
    const entry = entries.get('a.default-group.public.nacos')!;
    assert.deepEqual(ports(entry).slice(0, 3), [
      'http 80 HTTP',
      'http-8080 8080 HTTP',
      'http-8081 8081 HTTP',
    ]);
    assert.equal(entry.ports.length, 9);
    for (const { ports: own } of entry.endpoints)
      assert.deepEqual(new Set(Object.values(own)).size, 1, 'every service port leads to the own port');
    assert.deepEqual(codes(rejections), ['many-ports']);
  });

  for (const port of [0, -1, 65_536, 1.5])
    it(`an instance on port ${port} is left out alone`, () => {
      const bad = { ...instance('10.0.0.2:1'), port };
      const { entries, rejections } = convert({ services: [service('a', [instance('10.0.0.1:1'), bad])] });
      assert.deepEqual([...entries.values()].map(addresses), [['10.0.0.1']]);
      assert.deepEqual(codes(rejections), ['bad-port 10.0.0.2:1']);
    });
});

describe('convert: weights', () => {
  const weightsOf = (...weights: number[]) =>
    only({
      services: [
        service(
          'a',
          weights.map((weight, i) => instance(`10.0.0.${i}:80`, { weight })),
        ),
      ],
    }).endpoints.map(({ weight }) => weight);

  it('whole weights stay', () => assert.deepEqual(weightsOf(1, 2, 5), [1, 2, 5]));
  it('equal weights become 1', () => assert.deepEqual(weightsOf(100, 100), [1, 1]));
  it('equal fractions become 1', () => assert.deepEqual(weightsOf(0.5, 0.5), [1, 1]));
  it('one fraction scales all by 100', () => assert.deepEqual(weightsOf(1, 0.5, 2), [100, 50, 200]));
  it('a tiny fraction is at least 1', () => assert.deepEqual(weightsOf(1, 0.0001), [100, 1]));
  it('weight 0 and below is not served', () => assert.deepEqual(weightsOf(0, 3, -1, 4), [3, 4]));
  it('a weight that is no number is left out and said', () => {
    const odd = instance('10.0.0.2:1', { weight: Number.NaN });
    const { rejections } = convert({ services: [service('a', [instance('10.0.0.1:1'), odd])] });
    assert.deepEqual(codes(rejections), ['bad-weight 10.0.0.2:1']);
  });
});

describe('convert: which instances', () => {
  it('unhealthy, disabled ones and those that the mesh itself registered are not served', () => {
    const entry = only({
      services: [
        service('a', [
          instance('10.0.0.1:1'),
          instance('10.0.0.2:1', { healthy: false }),
          instance('10.0.0.3:1', { enabled: false }),
          instance('10.0.0.4:1', { metadata: { 'inmesh.origin': 'cluster.local' } }),
          instance('10.0.0.5:1', { metadata: { disabled: 'true' } }),
        ]),
      ],
    });
    assert.deepEqual(addresses(entry), ['10.0.0.1']);
  });

  it('the same ip:port is served once, the other listed', () => {
    const again = { ...instance('10.0.0.1:1'), id: 'z' };
    const { entries, rejections } = convert({ services: [service('a', [again, instance('10.0.0.1:1')])] });
    assert.equal(entries.get('a.default-group.public.nacos')!.endpoints.length, 1);
    assert.deepEqual(codes(rejections), ['duplicate-address z']);
  });

  it('names only: resolved by DNS; among IP addresses they are left out and said', () => {
    const names = service('a', [instance('legacy.example.com:80'), instance('b.example.com:80')]);
    assert.equal(only({ services: [names] }).resolution, 'DNS');
    const mixed = service('a', [instance('legacy.example.com:80'), instance('10.0.0.1:80')]);
    const { entries, rejections } = convert({ services: [mixed] });
    assert.equal(entries.get('a.default-group.public.nacos')!.resolution, 'STATIC');
    assert.deepEqual([...entries.values()].map(addresses), [['10.0.0.1']]);
    assert.deepEqual(codes(rejections), ['address-not-ip legacy.example.com:80']);
  });

  for (const address of ['', 'not_a_name', '1.2.3', '256.1.1.1', '010.0.0.1', 'a b', '-x.com'])
    it(`the address \`${address}\` is left out and said`, () => {
      const bad = { ...instance('10.0.0.2:1'), id: 'bad', address };
      const { entries, rejections } = convert({ services: [service('a', [instance('10.0.0.1:1'), bad])] });
      assert.deepEqual([...entries.values()].map(addresses), [['10.0.0.1']]);
      assert.deepEqual(codes(rejections), ['bad-address bad']);
    });

  for (const address of ['0.0.0.0', '::', '224.0.0.1', '255.255.255.255', 'ff02::1', 'fe80::1%eth0'])
    it(`nobody can be called at ${address}`, () => {
      const bad = { ...instance('10.0.0.2:1'), id: 'bad', address };
      assert.deepEqual(codes(convert({ services: [service('a', [bad])] }).rejections), [
        'address-unusable bad',
      ]);
    });

  it('include and exclude choose services by namespace, group and name', () => {
    const of = (name: string, more = {}) => service(name, [instance('10.0.0.1:1')], more);
    const { entries } = convert({
      config: {
        include: [{ namespace: 'public', service: 'or*' }, { group: 'g' }],
        exclude: [{ service: '*-test' }],
      },
      services: [
        of('orders'),
        of('orders-test'),
        of('other'),
        of('other', { group: 'g' }),
        of('orders', { namespace: 'dev' }),
      ],
    });
    assert.deepEqual(hosts(entries), ['orders.default-group.public.nacos', 'other.g.public.nacos']);
  });

  it("Dubbo's consumers, routers and configurators are no services", () => {
    const of = (name: string) => service(name, [instance('10.0.0.1:1')]);
    const services = ['consumers:x:1:', 'routers:x::', 'configurators:x::'].map(of);
    assert.equal(convert({ services }).entries.size, 0);
  });

  it('endpoint selectors by label and CIDR; excluding ones win', () => {
    const all = [
      instance('10.0.0.1:1', { metadata: { zone: 'a' } }),
      instance('10.0.0.2:1', { metadata: { zone: 'b' } }),
      instance('10.1.0.1:1', { metadata: { zone: 'a' } }),
    ];
    const served = (
      ...endpointSelectors: Parameters<typeof only>[0]['config'] extends infer C
        ? C extends { endpointSelectors?: (infer S)[] }
          ? S[]
          : never
        : never
    ) => addresses(only({ config: { endpointSelectors }, services: [service('a', all)] }));
    assert.deepEqual(served({ labels: { zone: 'a' }, exclude: false }), ['10.0.0.1', '10.1.0.1']);
    assert.deepEqual(served({ cidrs: ['10.0.0.0/16'], exclude: false }), ['10.0.0.1', '10.0.0.2']);
    assert.deepEqual(served({ cidrs: ['10.0.0.0/16'], exclude: true }), ['10.1.0.1']);
    assert.deepEqual(
      served({ labels: { zone: 'a' }, exclude: false }, { cidrs: ['10.1.0.0/16'], exclude: true }),
      ['10.0.0.1'],
    );
    assert.equal(served({ service: 'other', labels: { zone: 'none' }, exclude: false }).length, 3);
  });

  it('abnormal addresses of a service are not served', () => {
    const all = ['10.0.0.1:1', '10.0.0.2:1', '10.0.0.2:2', '10.9.0.1:1', '10.0.0.4:1'].map((at) =>
      instance(at),
    );
    const abnormal = ['10.0.0.1', '10.0.0.2:2', '10.9.0.0/16'];
    const config = { overrides: [{ match: { service: 'a' }, abnormal }] };
    assert.deepEqual(addresses(only({ config, services: [service('a', all)] })), ['10.0.0.2', '10.0.0.4']);
  });
});

describe('convert: services of several registries', () => {
  const nacos = [
    service('orders', [instance('10.0.0.1:1', { metadata: { v: 'n' } }), instance('10.0.0.2:1')]),
  ];
  const eureka = [
    service('ORDERS', [instance('10.0.0.1:1', { metadata: { v: 'e' } }), instance('10.0.0.3:1')], {
      key: 'ORDERS',
      namespace: '',
      group: '',
    }),
  ];

  it('are separate hosts', () => {
    const { entries } = convertAll(
      {},
      { nacos: { services: nacos }, eureka: { type: 'eureka', services: eureka } },
    );
    assert.deepEqual(hosts(entries), ['orders.default-group.public.nacos', 'orders.eureka']);
  });

  it('merged are one; on the same ip:port the first source wins', () => {
    const merge = [{ host: 'orders.shop', from: ['nacos/orders', 'eureka/ORDERS'] }];
    const { entries } = convertAll(
      { merge },
      { nacos: { services: nacos }, eureka: { type: 'eureka', services: eureka } },
    );
    assert.deepEqual(hosts(entries), ['orders.shop']);
    const [entry] = entries.values();
    assert.deepEqual(addresses(entry!), ['10.0.0.1', '10.0.0.2', '10.0.0.3']);
    assert.equal(entry!.endpoints[0]!.labels['v'], 'n');
    assert.deepEqual(entry!.from, ['eureka/ORDERS', 'nacos/public/DEFAULT_GROUP/orders']);
  });

  it("joined they stand behind a Kubernetes Service, in its namespace, by its ports' names", () => {
    const joinKubernetes = [
      {
        host: 'orders.shop.svc.cluster.local',
        namespace: 'shop',
        portNames: { http: 'http-web' },
        from: ['nacos/orders'],
      },
    ];
    const mixed = [
      service('orders', [
        instance('10.0.0.1:1'),
        instance('10.0.0.2:2', { metadata: { protocol: 'dubbo' } }),
      ]),
    ];
    const { entries, rejections } = convertAll({ joinKubernetes }, { nacos: { services: mixed } });
    const entry = entries.get('orders.shop.svc.cluster.local')!;
    assert.equal(entry.namespace, 'shop');
    assert.deepEqual(
      entry.endpoints.map(({ ports: own }) => own),
      [{ 'http-web': 1 }],
    );
    assert.deepEqual(codes(rejections), ['not-joined 10.0.0.2:2']);
  });
});
