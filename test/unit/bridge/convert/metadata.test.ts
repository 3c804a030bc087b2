/** Trust, labels, locality, network and TLS mode (decisions 8 to 10). */
import { strict as assert } from 'node:assert';
import type { RegistryInstance } from '../../../../src/bridge/model';
import { codes, convert, type Facts, instance, only, service } from './facts';

const endpoint = (more: Partial<RegistryInstance>, config: Facts['config'] = {}, name = 'orders') =>
  only({ config, services: [service(name, [instance('10.0.0.1:80', more)])] }).endpoints[0]!;

describe('convert: trust', () => {
  const claims = {
    'inmesh.host': 'bank.example.com',
    'inmesh.serviceAccount': 'admin',
    'inmesh.tlsMode': 'istio',
    'inmesh.network': 'other',
  };

  it('no identity, plaintext, the own host: whatever the metadata of a source that is not trusted claims; it is listed', () => {
    const services = [service('orders', [instance('10.0.0.1:80', { metadata: claims })])];
    const { entries, rejections } = convert({ services });
    const entry = entries.get('orders.default-group.public.nacos')!;
    const { serviceAccount, labels, network } = entry.endpoints[0]!;
    assert.deepEqual([serviceAccount, labels['security.istio.io/tlsMode'], network], ['', 'disabled', '']);
    assert.deepEqual(codes(rejections), Array(4).fill('untrusted-metadata 10.0.0.1:80'));
  });

  it('each claim counts where it is trusted', () => {
    const trustMetadata: ('host' | 'serviceAccount' | 'tlsMode' | 'network')[] = [
      'host',
      'serviceAccount',
      'tlsMode',
      'network',
    ];
    const { entries, rejections } = convert({
      config: { trustMetadata },
      services: [service('orders', [instance('10.0.0.1:80', { metadata: claims })])],
    });
    const { serviceAccount, labels, network } = entries.get('bank.example.com')!.endpoints[0]!;
    assert.deepEqual(
      [serviceAccount, labels['security.istio.io/tlsMode'], network],
      ['admin', 'istio', 'other'],
    );
    assert.deepEqual(codes(rejections), []);
  });

  it('a trusted host under the cluster domain still needs to be allowed; nacos-istio has its own key', () => {
    const hosts = (metadata: Record<string, string>) => [
      ...convert({
        config: { trustMetadata: ['host'] },
        services: [service('a', [instance('10.0.0.1:80', { metadata })])],
      }).entries.keys(),
    ];
    assert.deepEqual(hosts({ 'inmesh.host': 'istiod.istio-system.svc.cluster.local' }), [
      'a.default-group.public.nacos',
    ]);
    assert.deepEqual(hosts({ 'istio.hostname': 'pay' }), ['pay.nacos']);
  });

  it('labels of the platform cannot be taken', () => {
    const metadata = {
      'security.istio.io/tlsMode': 'istio',
      'topology.istio.io/cluster': 'c',
      'service.istio.io/canonical-name': 'bank',
      'pod.k8s.io/x': '1',
      'kubernetes.io/y': '1',
      'istio-locality': 'moon',
      'Istio.IO/rev': 'x',
      lane: 'gray',
    };
    const { entries, rejections } = convert({
      services: [service('orders', [instance('10.0.0.1:80', { metadata })])],
    });
    const { labels } = entries.get('orders.default-group.public.nacos')!.endpoints[0]!;
    assert.deepEqual(labels, {
      app: 'orders',
      lane: 'gray',
      'security.istio.io/tlsMode': 'disabled',
      'service.istio.io/canonical-name': 'orders',
    });
    assert.deepEqual(codes(rejections), [
      ...Array(6).fill('reserved-label'),
      'untrusted-metadata 10.0.0.1:80',
    ]);
  });
});

describe('convert: labels', () => {
  it('name, version and cluster are there for telemetry and subsets, keys in byte order', () => {
    const { labels } = endpoint({
      cluster: 'hz',
      metadata: { version: 'v2', app: 'orders-api', lane: 'gray' },
    });
    assert.deepEqual(Object.entries(labels), [
      ['app', 'orders-api'],
      ['cluster', 'hz'],
      ['lane', 'gray'],
      ['security.istio.io/tlsMode', 'disabled'],
      ['service.istio.io/canonical-name', 'orders-api'],
      ['service.istio.io/canonical-revision', 'v2'],
      ['version', 'v2'],
    ]);
  });

  it('metadata that is no label is left out alone, alike instances are said once', () => {
    const metadata = {
      good: 'yes',
      'bad key': 'x',
      methods: 'a,b,c',
      long: 'x'.repeat(64),
      键: '值',
      empty: '',
    };
    const instances = ['10.0.0.1:1', '10.0.0.2:1'].map((at) => instance(at, { metadata }));
    const { entries, rejections } = convert({ services: [service('a', instances)] });
    assert.equal(entries.get('a.default-group.public.nacos')!.endpoints.length, 2);
    assert.equal(entries.get('a.default-group.public.nacos')!.endpoints[0]!.labels['good'], 'yes');
    assert.deepEqual(codes(rejections), Array(4).fill('bad-label'));
    assert.ok(rejections.every(({ reason }) => reason.endsWith('(2 times)')));
  });

  it('what frameworks register for themselves is no label, without a word', () => {
    const metadata = {
      'preserved.register.source': 'SPRING_CLOUD',
      IPv6: '[fd00::1]',
      'management.endpoints.web.base-path': '/actuator',
      'dubbo.metadata-service.urls': '[ "dubbo://10.0.0.1:20880" ]',
      gRPC_port: '9090',
    };
    const { entries, rejections } = convert({
      services: [service('a', [instance('10.0.0.1:1', { metadata })])],
    });
    const { labels } = entries.get('a.default-group.public.nacos')!.endpoints[0]!;
    assert.deepEqual(Object.keys(labels), [
      'app',
      'security.istio.io/tlsMode',
      'service.istio.io/canonical-name',
    ]);
    assert.deepEqual(codes(rejections), []);
  });

  it('many bad labels of a service are listed ten times at most', () => {
    const metadata = Object.fromEntries(Array.from({ length: 50 }, (_unused, i) => [`bad key ${i}`, 'x']));
    const { rejections } = convert({ services: [service('a', [instance('10.0.0.1:1', { metadata })])] });
    assert.equal(rejections.length, 10);
  });

  it('keep, drop, rename, set', () => {
    const config = {
      keepLabels: ['a*', 'stage'],
      dropLabels: ['ab'],
      relabel: [{ from: 'env', to: 'stage', values: { prod: 'production' }, keep: false, overwrite: true }],
      setLabels: { origin: 'nacos' },
    };
    const { labels } = endpoint({ metadata: { aa: '1', ab: '2', c: '3', env: 'prod' } }, config);
    assert.deepEqual(Object.keys(labels), [
      'aa',
      'app',
      'origin',
      'security.istio.io/tlsMode',
      'service.istio.io/canonical-name',
      'stage',
    ]);
    assert.equal(labels['stage'], 'production');
  });

  it('a name in another script is still told apart in telemetry', () => {
    assert.equal(endpoint({}, {}, 'order_服务').labels['app'], 'order');
    assert.equal('app' in endpoint({}, {}, '服务').labels, false);
  });
});

describe('convert: place', () => {
  it('locality from the registry, from metadata, from the cluster, from the settings', () => {
    assert.equal(endpoint({ region: 'r', zone: 'z' }).locality, 'r/z');
    assert.equal(endpoint({ metadata: { region: 'r', zone: 'z', subzone: 's' } }).locality, 'r/z/s');
    assert.equal(endpoint({ metadata: { zone: 'z' } }).locality, 'default/z');
    assert.equal(endpoint({ metadata: { zone: 'z' } }, { locality: 'hz/other' }).locality, 'hz/z');
    assert.equal(endpoint({ cluster: 'c1' }).locality, '');
    assert.equal(endpoint({ cluster: 'c1' }, { clusterAsZone: true, locality: 'hz' }).locality, 'hz/c1');
    assert.equal(endpoint({}, { locality: 'hz/a/b' }).locality, 'hz/a/b');
    assert.equal(endpoint({ region: 'a/b', zone: 'ü' }).locality, 'a-b/-');
    assert.equal(endpoint({ metadata: { aeraki_meta_locality: 'r/z' } }).locality, 'r/z');
  });

  it('network by the narrowest CIDR', () => {
    const networks = { '10.0.0.0/8': 'wide', '10.0.0.0/24': 'narrow' };
    assert.equal(endpoint({}, { networks }).network, 'narrow');
    assert.equal(endpoint({ address: '10.1.0.1' }, { networks, network: 'standard' }).network, 'wide');
    assert.equal(endpoint({ address: '192.168.0.1' }, { networks, network: 'standard' }).network, 'standard');
  });

  it('instances that are pods of the mesh: mTLS when marked, else plaintext, or as set', () => {
    const mode = (metadata: Record<string, string>, config: Facts['config'] = {}, address = '10.0.0.1') =>
      endpoint({ metadata, address }, { meshCidrs: ['10.0.0.0/24'], ...config }).labels[
        'security.istio.io/tlsMode'
      ];
    assert.equal(mode({}), 'disabled');
    assert.equal(mode({ 'inmesh.sidecar': 'true' }), 'istio');
    assert.equal(mode({ 'inmesh.sidecar': 'true' }, {}, '192.168.0.1'), 'istio');
    assert.equal(mode({}, { inMesh: 'mtls' }), 'istio');
    assert.equal(mode({ 'inmesh.sidecar': 'false' }, { inMesh: 'mtls' }), 'disabled');
    assert.equal(mode({}, { inMesh: 'mtls' }, '192.168.0.1'), 'disabled');
    assert.equal(mode({ 'inmesh.sidecar': 'true' }, { inMesh: 'plaintext' }), 'disabled');
    const { entries } = convert({
      config: { meshCidrs: ['10.0.0.0/24'], inMesh: 'exclude' },
      services: [service('a', [instance('10.0.0.1:1'), instance('10.1.0.1:1')])],
    });
    assert.deepEqual(
      entries.get('a.default-group.public.nacos')!.endpoints.map(({ address }) => address),
      ['10.1.0.1'],
    );
  });
});
