/** ValidateServiceEntry's rules, each broken by one part: the smallest part is refused. */
import { strict as assert } from 'node:assert';
import { checkEntry, isHostName, isLabelKey, isLabelValue } from '../../../../src/bridge/check';
import type { ServedEndpoint, ServedEntry } from '../../../../src/bridge/model';

const good: ServedEndpoint = {
  address: '10.0.0.1',
  ports: { http: 8080 },
  labels: { app: 'a', 'example.com/x': '' },
  locality: 'r/z',
  weight: 1,
  network: '',
  serviceAccount: '',
};

const entry: ServedEntry = {
  host: 'a.default-group.public.nacos',
  namespace: 'inmesh-registry',
  name: 'a-12345678',
  labels: { 'inmesh.source': 'n' },
  annotations: {},
  addresses: ['240.0.0.1'],
  ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
  resolution: 'STATIC',
  location: 'MESH_INTERNAL',
  exportTo: ['*'],
  endpoints: [good],
  from: ['n/a'],
};

describe('check: endpoints', () => {
  const broken: [string, Partial<ServedEndpoint>][] = [
    ['address-not-ip', { address: 'legacy.example.com' }],
    ['address-not-ip', { address: '' }],
    ['address-not-ip', { address: '1.2.3' }],
    ['unknown-port', { ports: { http: 8080, grpc: 1 } }],
    ['port-missing', { ports: {} }],
    ['bad-port', { ports: { http: 0 } }],
    ['bad-port', { ports: { http: 65_536 } }],
    ['bad-port', { ports: { http: 80.5 } }],
    ['bad-label', { labels: { 'a b': 'c' } }],
    ['bad-label', { labels: { a: 'b,c' } }],
    ['bad-label', { labels: { a: 'x'.repeat(64) } }],
    ['bad-label', { labels: { [`${'x'.repeat(64)}`]: 'a' } }],
    ['bad-weight', { weight: 0 }],
    ['bad-weight', { weight: 1.5 }],
    ['bad-weight', { weight: 2 ** 32 }],
  ];
  for (const [code, part] of broken)
    it(`${code} ${JSON.stringify(part).slice(0, 60)} takes the endpoint only`, () => {
      const { entry: left, problems } = checkEntry({ ...entry, endpoints: [good, { ...good, ...part }] });
      assert.deepEqual(left, entry);
      assert.deepEqual(
        problems.map(({ code: of, endpoint }) => [of, endpoint]),
        [[code, 1]],
      );
      assert.match(problems[0]!.reason, /^\S.* /);
    });

  it('DNS takes names, too; without endpoints it would resolve its own host, and is STATIC', () => {
    const dns: ServedEntry = {
      ...entry,
      resolution: 'DNS',
      endpoints: [{ ...good, address: 'legacy.example.com' }],
    };
    assert.deepEqual(checkEntry(dns).problems, []);
    const { entry: left } = checkEntry({ ...dns, endpoints: [{ ...good, address: 'a_b' }] });
    assert.deepEqual([left!.resolution, left!.endpoints], ['STATIC', []]);
  });
});

describe('check: entries', () => {
  const port = entry.ports[0]!;
  const broken: [string, Partial<ServedEntry>][] = [
    ['bad-host', { host: 'DEFAULT_GROUP.nacos' }],
    ['bad-host', { host: 'providers:com.foo' }],
    ['bad-host', { host: 'x.1' }],
    ['bad-host', { host: `${'x'.repeat(64)}.nacos` }],
    ['bad-host', { host: `${'x.'.repeat(127)}nacos` }],
    ['bad-host', { host: '' }],
    ['bad-host', { host: '*' }],
    ['bad-namespace', { namespace: 'a/b' }],
    ['bad-name', { name: 'A_b' }],
    ['bad-vip', { addresses: ['240.0.0.x'] }],
    ['bad-export-to', { exportTo: ['a', 'a'] }],
    ['bad-export-to', { exportTo: ['.', 'inmesh-registry'] }],
    ['bad-export-to', { exportTo: ['*', 'a'] }],
    ['bad-export-to', { exportTo: ['a_b'] }],
    ['bad-label', { labels: { 'a b': '' } }],
    ['bad-port', { ports: [{ ...port, number: 0 }] }],
    ['bad-port-name', { ports: [{ ...port, name: 'http_1' }] }],
    ['bad-protocol', { ports: [{ ...port, protocol: 'DUBBO' }] }],
    ['port-twice', { ports: [port, { ...port, number: 81 }] }],
    ['port-twice', { ports: [port, { ...port, name: 'other' }] }],
  ];
  for (const [code, part] of broken)
    it(`${code} ${JSON.stringify(part).slice(0, 60)}`, () => {
      const { entry: left, problems } = checkEntry({ ...entry, ...part });
      assert.equal(left, undefined);
      assert.deepEqual(
        problems.map(({ code: of }) => of),
        [code],
      );
    });

  it('what is in order is the same object', () => assert.equal(checkEntry(entry).entry, entry));
});

describe('check: rules', () => {
  it('host names', () => {
    for (const host of ['a', 'A.b', 'x.1a', 'xn--zfr3pq20ciq8a.nacos']) assert.ok(isHostName(host), host);
    for (const host of ['a.', '.a', 'a..b', '-a', 'a-', '1', 'a b']) assert.ok(!isHostName(host), host);
  });

  it('keys and values of labels', () => {
    for (const key of ['a', 'a.b/c_d', '0', 'A-b']) assert.ok(isLabelKey(key), key);
    for (const key of ['', '/a', 'a/', 'a/b/c', '_a', 'a_/b', 'ü', `${'a.'.repeat(127)}b/x`])
      assert.ok(!isLabelKey(key), key);
    for (const value of ['', 'a', '1.0-x_Y']) assert.ok(isLabelValue(value), value);
    for (const value of ['-a', 'a.', 'a b', 'ü']) assert.ok(!isLabelValue(value), value);
  });
});
