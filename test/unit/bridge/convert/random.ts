/** Registry services with garbage in every field, for properties. */
import fc from 'fast-check';
import type { RegistryInstance, RegistryService } from '../../../../src/bridge/model';

/** Text as people and programs really write it, in many scripts, and as nobody should. */
const text = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'orders',
      'Order_Service',
      'com.foo.Bar',
      'DEFAULT_GROUP',
      '订单服务',
      'سلام',
      'имя',
    ),
  },
  { weight: 2, arbitrary: fc.string({ maxLength: 30 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
  { weight: 1, arbitrary: fc.string({ minLength: 60, maxLength: 300 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      '.',
      '..',
      '-',
      '_',
      '@@',
      '*',
      '__proto__',
      'constructor',
      '\u0000',
      '1.0.0',
    ),
  },
);

const key = fc.oneof(
  fc.constantFrom(
    'version',
    'app',
    'protocol',
    'secure',
    'gRPC_port',
    'zone',
    'region',
    'lane',
    'methods',
    'disabled',
  ),
  fc.constantFrom(
    'inmesh.host',
    'inmesh.tlsMode',
    'inmesh.network',
    'inmesh.serviceAccount',
    'inmesh.namespace',
  ),
  fc.constantFrom(
    'security.istio.io/tlsMode',
    'istio-locality',
    'topology.istio.io/network',
    'a/b/c',
    '/x',
    'x/',
  ),
  fc.constantFrom('inmesh.sidecar', 'istio.hostname', 'dubbo.endpoints', 'application', 'weight'),
  text,
);

const value = fc.oneof(
  fc.constantFrom(
    'true',
    'false',
    'dubbo',
    'tri',
    'GRPC',
    'http',
    '8080',
    '99999',
    '-1',
    'v1',
    'istio',
    'a,b,c',
    '[{"port":1}]',
  ),
  text,
);

/** Entries, as an object literal cannot have `__proto__` as its own key. */
const metadata = fc
  .array(fc.tuple(key, value), { maxLength: 8 })
  .map((entries) => Object.fromEntries(entries) as Record<string, string>);

const address = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 40 }).map((n) => `10.0.0.${n}`) },
  { weight: 2, arbitrary: fc.ipV6() },
  {
    weight: 2,
    arbitrary: fc.constantFrom('legacy.example.com', 'host_name', '1.2.3', '010.1.1.1', '::ffff:1.2.3.4'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      '0.0.0.0',
      'fe80::1%eth0',
      '255.255.255.255',
      'unix:///tmp/x',
      '10.0.0.1/8',
    ),
  },
  { weight: 1, arbitrary: text },
);

const port = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(80, 8080, 20_880, 50_051) },
  { weight: 2, arbitrary: fc.integer({ min: -5, max: 70_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, 0.5, Number.POSITIVE_INFINITY) },
);

const weight = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(1, 1, 1, 100, 0.5) },
  { weight: 2, arbitrary: fc.double() },
);

const often = (usual: boolean) => fc.nat({ max: 9 }).map((n) => (n === 0 ? !usual : usual));

const registryInstance: fc.Arbitrary<RegistryInstance> = fc.record(
  {
    id: fc.nat({ max: 50 }).map(String),
    address,
    port,
    weight,
    healthy: often(true),
    enabled: often(true),
    protocol: value,
    cluster: text,
    region: text,
    zone: text,
    metadata,
  },
  { requiredKeys: ['id', 'address', 'port', 'weight', 'healthy', 'enabled', 'metadata'] },
);

export const registryService: fc.Arbitrary<RegistryService> = fc
  .record({
    kind: fc.constantFrom<RegistryService['kind']>(
      'service',
      'service',
      'service',
      'dubbo-interface',
      'dubbo-application',
    ),
    namespace: text,
    group: text,
    name: text,
    metadata,
    version: text,
    instances: fc.array(registryInstance, { maxLength: 8 }),
  })
  .map(({ kind, namespace, group, name, version, ...rest }) => ({
    key: `${kind}/${namespace}/${group}/${name}/${version}`,
    kind,
    namespace,
    group,
    name,
    ...(kind === 'service'
      ? {}
      : { dubbo: { interface: name, group, version, application: name.slice(0, 3) } }),
    ...rest,
  }));

/** A registry has each key once, and a service each id. */
export const registryServices = (maxLength: number): fc.Arbitrary<RegistryService[]> =>
  fc.uniqueArray(registryService, { maxLength, selector: ({ key: of }) => of }).map((all) =>
    all.map((each) => ({
      ...each,
      instances: [...new Map(each.instances.map((one) => [one.id, one])).values()],
    })),
  );
