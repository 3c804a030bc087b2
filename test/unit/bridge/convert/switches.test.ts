/** What operators of other bridges are used to set: labels and annotations of entries, localities, merging by name. */
import { strict as assert } from 'node:assert';
import { ConvertConfigError, compileRules } from '../../../../src/bridge/convert';
import type { RegistryInstance } from '../../../../src/bridge/model';
import {
  codes,
  convert,
  convertAll,
  type Facts,
  globalConfig,
  instance,
  only,
  service,
  sourceConfig,
} from './facts';

const entryOf = (config: Facts['config'], ...instances: RegistryInstance[]) =>
  only({
    config: config ?? {},
    services: [service('orders', instances.length > 0 ? instances : [instance('10.0.0.1:80')])],
  });
const labelsOf = (config: Facts['config'], metadata: Record<string, string> = {}) =>
  entryOf(config, instance('10.0.0.1:80', { metadata, cluster: 'hz a' })).endpoints[0]!.labels;

describe('convert: ServiceEntries as operators want them', () => {
  it('labels and annotations for some services, beside those of the source', () => {
    const overrides: NonNullable<Facts['config']>['overrides'] = [
      {
        match: { service: 'orders' },
        entryLabels: { team: 'shop', tier: '1' },
        entryAnnotations: { note: 'a b, c' },
      },
      { match: {}, entryLabels: { team: 'none' }, entryAnnotations: { note: 'none' } },
    ];
    const { labels, annotations } = entryOf({
      entryLabels: { team: 'all', 'istio.io/rev': 'blue' },
      overrides,
    });
    assert.deepEqual(labels, {
      ...{ 'inmesh.registry': 'nacos', 'inmesh.source': 'nacos' },
      ...{ 'istio.io/rev': 'blue', team: 'shop', tier: '1' },
    });
    assert.deepEqual(annotations, { note: 'a b, c', 'inmesh.from': 'nacos/public/DEFAULT_GROUP/orders' });
  });

  it('labels in which all instances agree; where they do not it is said', () => {
    const at = (address: string, metadata: Record<string, string>) => instance(address, { metadata });
    const services = [
      service('orders', [
        at('10.0.0.1:80', { team: 'a', lane: 'x' }),
        at('10.0.0.2:80', { team: 'a', lane: 'y' }),
      ]),
      service('stock', [at('10.0.0.3:80', { team: 'b' }), at('10.0.0.4:80', {})]),
    ];
    const { entries, rejections } = convert({ config: { entryLabelsFrom: ['team', 'lane'] }, services });
    assert.deepEqual(
      [...entries.values()].map(({ labels }) => [labels['team'], labels['lane']]),
      [
        ['a', undefined],
        ['b', undefined],
      ],
    );
    assert.deepEqual(codes(rejections), ['label-disagrees']);
  });

  it('outside the mesh, by source or by service', () => {
    assert.equal(entryOf({}).location, 'MESH_INTERNAL');
    assert.equal(entryOf({ external: true }).location, 'MESH_EXTERNAL');
    const overrides = [{ match: { service: 'orders' }, external: false }];
    assert.equal(entryOf({ external: true, overrides }).location, 'MESH_INTERNAL');
  });

  it('labels of instances: filled in, under other names, and by default', () => {
    const setLabels = { place: '{namespace}.{group}.{service}', from: '{source}', zone: '{cluster}' };
    const labels = labelsOf({ setLabels });
    assert.deepEqual(
      [labels['place'], labels['from'], labels['zone']],
      ['public.DEFAULT_GROUP.orders', 'nacos', 'hz-a'],
    );
    const rule = { from: 'env', to: 'stage', keep: false, overwrite: true };
    const stage = (more: object, metadata: Record<string, string>) =>
      labelsOf({ relabel: [{ ...rule, ...more }] }, metadata)['stage'];
    assert.equal(stage({}, { env: 'prod', stage: 'own' }), 'prod');
    assert.equal(stage({ overwrite: false }, { env: 'prod', stage: 'own' }), 'own');
    assert.equal(stage({ otherwise: 'dev' }, {}), 'dev');
    assert.equal(stage({ otherwise: 'dev', overwrite: false }, { stage: 'own' }), 'own');
    assert.equal(stage({}, {}), undefined);
    const twice = { relabel: [rule, { ...rule, to: 'environment' }] };
    const { stage: first, environment, env } = labelsOf(twice, { env: 'prod' });
    assert.deepEqual([first, environment, env], ['prod', 'prod', undefined]);
  });
});

describe('convert: hosts with metadata in them', () => {
  const hostTemplate = '{service}.{metadata:env}.{metadata:k8s.ns}.legacy';
  const at = (address: string, metadata: Record<string, string>, protocol = '') =>
    instance(`${address}:80`, { metadata: protocol === '' ? metadata : { ...metadata, protocol } });
  const hostsOf = (config: Facts['config'], ...instances: RegistryInstance[]) =>
    [...convert({ config: config ?? {}, services: [service('orders', instances)] }).entries.values()]
      .map(({ host, endpoints }) => [host, ...endpoints.map(({ address }) => address)].join(' '))
      .sort();

  it('instances that differ in it are services of their own; without it that part vanishes', () => {
    const found = hostsOf(
      { hostTemplate, overrides: [{ match: {}, aliases: ['orders.all'] }] },
      at('10.0.0.1', { env: 'Prod' }),
      at('10.0.0.2', { env: 'Prod', 'k8s.ns': 'a.b' }),
      at('10.0.0.3', { env: 'test' }),
      at('10.0.0.4', {}),
      at('10.0.0.5', { env: 'test' }),
    );
    assert.deepEqual(found, [
      'orders.all 10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5',
      'orders.legacy 10.0.0.4',
      'orders.prod.a-b.legacy 10.0.0.2',
      'orders.prod.legacy 10.0.0.1',
      'orders.test.legacy 10.0.0.3 10.0.0.5',
    ]);
  });

  it('protocols are told apart within each; an override of the host is for all', () => {
    const mixed = [
      at('10.0.0.1', { env: 'a' }),
      at('10.0.0.2', { env: 'a' }, 'grpc'),
      at('10.0.0.3', { env: 'b' }, 'grpc'),
    ];
    assert.deepEqual(hostsOf({ hostTemplate }, ...mixed), [
      'grpc.orders.a.legacy 10.0.0.2',
      'orders.a.legacy 10.0.0.1',
      'orders.b.legacy 10.0.0.3',
    ]);
    const overrides = [{ match: { service: 'orders' }, host: 'o.legacy' }];
    assert.deepEqual(hostsOf({ hostTemplate, overrides }, mixed[0]!), ['o.legacy 10.0.0.1']);
  });

  it('what instances say takes no host from a service that has it by its name, nor one of the cluster', () => {
    const services = [
      service('orders', [at('10.0.0.1', { env: 'legacy' })], { key: 'a' }),
      service('orders.legacy', [at('10.0.0.2', {})], { key: 'b' }),
    ];
    const { entries } = convertAll(
      {},
      {
        bad: { services: [services[0]!], config: { hostTemplate: '{service}.{metadata:env}' } },
        good: { services: [services[1]!], config: { hostTemplate: '{service}' } },
      },
    );
    assert.deepEqual(
      entries.get('orders.legacy')!.endpoints.map(({ address }) => address),
      ['10.0.0.2'],
    );
    const cluster = { hostTemplate: '{service}.{metadata:env}' };
    assert.deepEqual(hostsOf(cluster, at('10.0.0.1', { env: 'svc' })), []);
  });
});

describe('convert: locality as operators set it', () => {
  const localityOf = (config: Facts['config'], metadata: Record<string, string> = {}, address = '10.0.0.1') =>
    entryOf(config, instance(`${address}:80`, { metadata })).endpoints[0]!.locality;

  it('by CIDR, the narrowest, before the locality of the source and behind what the instance says', () => {
    const config = { localities: { '10.0.0.0/8': 'r1/z1', '10.0.0.0/24': 'r1/z2/s' }, locality: 'r9' };
    assert.equal(localityOf(config), 'r1/z2/s');
    assert.equal(localityOf(config, {}, '10.9.0.1'), 'r1/z1');
    assert.equal(localityOf(config, {}, '192.0.2.1'), 'r9');
    assert.equal(localityOf(config, { zone: 'own' }), 'r1/own');
  });

  it('by metadata under other names, the first that is there', () => {
    const localityKeys = { region: ['topology-region', 'region'], zone: ['az'], subzone: ['rack'] };
    assert.equal(localityOf({ localityKeys }, { region: 'r', az: 'z', rack: '7' }), 'r/z/7');
    assert.equal(localityOf({ localityKeys }, { region: 'r', 'topology-region': 'R', zone: 'no' }), 'R');
  });
});

describe('convert: services of one name in several registries', () => {
  const merge = [
    { host: 'pay.special', from: ['nacos/pay'] },
    { host: '{service}.shop', from: ['nacos/*', 'eureka/*'] },
  ];
  const at = (address: string) => [instance(`${address}:80`)];

  it('are one, whatever their case, namespace and group; named ones stay apart', () => {
    const { entries } = convertAll(
      { merge },
      {
        nacos: {
          services: [
            service('orders', at('10.0.0.1')),
            service('orders', at('10.0.0.2'), { group: 'G2', key: 'public/G2/orders' }),
            service('pay', at('10.0.0.3')),
          ],
        },
        eureka: {
          type: 'eureka',
          services: [service('ORDERS', at('10.0.0.4'), { namespace: '', group: '' })],
        },
        consul: {
          type: 'consul',
          services: [service('orders', at('10.0.0.5'), { namespace: '', group: '' })],
        },
      },
    );
    const found = [...entries.values()].map(({ host, endpoints }) => [
      host,
      ...endpoints.map(({ address }) => address),
    ]);
    assert.deepEqual(found.sort(), [
      ['orders.consul', '10.0.0.5'],
      ['orders.shop', '10.0.0.1', '10.0.0.2', '10.0.0.4'],
      ['pay.special', '10.0.0.3'],
    ]);
  });

  it('what makes no sense is told', () => {
    const compile = (more: object, config = {}) =>
      compileRules(globalConfig(more), [{ name: 'n', type: 'nacos', convert: sourceConfig(config) }]);
    const wrong: [() => unknown, string, RegExp][] = [
      [
        () => compile({ merge: [{ host: 'a.b', from: ['n/*'] }] }),
        'merge.0.from.0',
        /put \{service\} into the host/,
      ],
      [
        () => compile({ merge: [{ host: '{name}.b', from: ['n/*'] }] }),
        'merge.0.host',
        /there are \{service\}/,
      ],
      [
        () => compile({ merge: [{ host: '{service}.b', from: ['*'] }] }),
        'merge.0.from.0',
        /begin with a source/,
      ],
      [() => compile({}, { localities: { '10.0.0.0/99': 'r' } }), 'n.localities', /no range/],
      [
        () => compile({}, { hostTemplate: '{service}.{metadata:}' }),
        'n.hostTemplate',
        /there are \{service\}/,
      ],
      [() => compile({}, { setLabels: { a: '{ip}' } }), 'n.setLabels.a', /there are \{service\}/],
      [
        () => compile({}, { overrides: [{ match: {}, entryLabels: { 'a b': 'c' } }] }),
        'n.overrides.0.entryLabels.a b',
        /syntax of labels/,
      ],
      [
        () => compile({}, { overrides: [{ match: {}, entryAnnotations: { 'a b': 'c' } }] }),
        'n.overrides.0.entryAnnotations.a b',
        /annotation/,
      ],
    ];
    for (const [make, path, says] of wrong)
      assert.throws(
        make,
        (error) =>
          error instanceof ConvertConfigError && error.path.join('.') === path && says.test(error.message),
      );
  });
});
