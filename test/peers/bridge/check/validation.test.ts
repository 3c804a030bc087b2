/** The check against istiod's own: entries sent unchecked; what istiod stores is what the check lets pass. */
import { strict as assert } from 'node:assert';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { type Istiod, startIstiod } from '../../../../lab';
import { checkEntry } from '../../../../src/bridge/check';
import { McpServer } from '../../../../src/bridge/mcp';
import type { ServedContent, ServedEndpoint, ServedEntry } from '../../../../src/bridge/model';
import { peer } from '../../../support/peer';

const PATIENCE_MS = 60_000;
const RANDOM = 2000;

/** Rules of ours that are stricter than istiod's: it takes the entry, and something else goes wrong. */
const STRICTER: ReadonlySet<string> = new Set(['port-missing', 'bad-weight']);

const good: ServedEndpoint = {
  address: '10.0.0.1',
  ports: { http: 8080 },
  labels: { app: 'a' },
  locality: '',
  weight: 1,
  network: '',
  serviceAccount: '',
};

const base: ServedEntry = {
  host: 'a.default-group.public.nacos',
  namespace: 'inmesh-registry',
  name: 'good',
  labels: {},
  annotations: {},
  addresses: ['240.0.0.1'],
  ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
  resolution: 'STATIC',
  location: 'MESH_INTERNAL',
  exportTo: ['*'],
  endpoints: [good],
  from: [],
};

const port = base.ports[0]!;
const withEndpoint = (part: Partial<ServedEndpoint>): Partial<ServedEntry> => ({
  endpoints: [good, { ...good, ...part }],
});

/** bridge.md's table of rules, each broken once; what istiod takes although it looks odd stands beside it. */
const RULES: readonly (readonly [string, Partial<ServedEntry>])[] = [
  ['a group in upper case with _', { host: 'orders.DEFAULT_GROUP.public.nacos' }],
  ['upper case', { host: 'Orders.DEFAULT-GROUP.public.nacos' }],
  ["Dubbo's colons", { host: 'providers:com.foo.Bar:1.0:g' }],
  ['@', { host: 'g@@s.nacos' }],
  ['a last label of digits', { host: 'com.foo.bar.1' }],
  ['a label of digits before the last', { host: 'com.1.nacos' }],
  ['a label of 64 characters', { host: `${'x'.repeat(64)}.nacos` }],
  ['a label of 63 characters', { host: `${'x'.repeat(63)}.nacos` }],
  ['a host of 256 characters', { host: `${'x.'.repeat(125)}nacos2` }],
  ['a host of 255 characters', { host: `${'x.'.repeat(125)}nacos` }],
  ['an empty label', { host: 'a..nacos' }],
  ['another script', { host: '订单.nacos' }],
  ['its punycode', { host: 'xn--zfr3pq20ciq8a.nacos' }],
  ['service port 0', { ports: [{ ...port, number: 0 }] }],
  ['service port 65536', { ports: [{ ...port, number: 65_536 }] }],
  ['a port name with _', { ports: [{ ...port, name: 'http_x' }], endpoints: [] }],
  ['a port name with a dot', { ports: [{ ...port, name: 'http.x' }], endpoints: [] }],
  ['two ports of one name', { ports: [port, { ...port, number: 81 }] }],
  ['two ports of one number', { ports: [port, { ...port, name: 'b' }], endpoints: [] }],
  ...['DUBBO', 'dubbo', 'tri', 'GENERIC'].map(
    (protocol) => [protocol, { ports: [{ ...port, protocol }] }] as const,
  ),
  ...['http', 'GRPC-WEB', 'Tcp', 'MYSQL', 'HTTP2'].map(
    (protocol) => [protocol, { ports: [{ ...port, protocol }] }] as const,
  ),
  ["an endpoint's port that is none of the service's", withEndpoint({ ports: { http: 1, grpc: 2 } })],
  ['an endpoint on port 0', withEndpoint({ ports: { http: 0 } })],
  ['an endpoint on port 65536', withEndpoint({ ports: { http: 65_536 } })],
  ['a name among addresses', withEndpoint({ address: 'legacy.example.com' })],
  ['no address', withEndpoint({ address: '' })],
  ['an address with leading zeros', withEndpoint({ address: '010.0.0.1' })],
  ['an address of three parts', withEndpoint({ address: '10.0.1' })],
  ['an address and a mask', withEndpoint({ address: '10.0.0.1/8' })],
  ['IPv6', withEndpoint({ address: 'fd00::1' })],
  ['IPv6 with a zone', withEndpoint({ address: 'fe80::1%eth0' })],
  ['IPv4 in IPv6', withEndpoint({ address: '::ffff:1.2.3.4' })],
  ['a name, by DNS', { resolution: 'DNS', ...withEndpoint({ address: 'legacy.example.com' }) }],
  ['a name with _, by DNS', { resolution: 'DNS', ...withEndpoint({ address: 'legacy_host' }) }],
  ['a value of a label with commas', withEndpoint({ labels: { methods: 'a,b,c' } })],
  ['a value of a label in JSON', withEndpoint({ labels: { json: '{"a":1}' } })],
  ['a value of a label that ends with -', withEndpoint({ labels: { a: 'b-' } })],
  ['an empty value of a label', withEndpoint({ labels: { a: '' } })],
  ['a key of a label with a space', withEndpoint({ labels: { 'a b': 'c' } })],
  ['a key of a label with two slashes', withEndpoint({ labels: { 'a/b/c': 'd' } })],
  ['a key of a label of 64 characters', withEndpoint({ labels: { ['x'.repeat(64)]: 'd' } })],
  [
    'a key of a label with a prefix of 254 characters',
    withEndpoint({ labels: { [`${'x.'.repeat(126)}xx/a`]: 'd' } }),
  ],
  [
    'a key of a label with a prefix of 253 characters',
    withEndpoint({ labels: { [`${'x.'.repeat(126)}x/a`]: 'd' } }),
  ],
  ['a VIP that is none', { addresses: ['240.0.0.x'] }],
  ['exportTo twice', { exportTo: ['a', 'a'] }],
  ['exportTo . and the own namespace', { exportTo: ['.', 'inmesh-registry'] }],
  ['exportTo * and another', { exportTo: ['*', 'a'] }],
  ['exportTo ~ and another', { exportTo: ['~', 'a'] }],
  ['exportTo no namespace', { exportTo: ['a_b'] }],
  ['exportTo nobody', { exportTo: ['~'] }],
];

const word = fc.oneof(
  fc.constantFrom(
    'a',
    'A1',
    'x-y',
    '',
    '-',
    '_',
    '1',
    '1.2',
    'a.b',
    'a/b',
    'ü',
    'a b',
    'x'.repeat(63),
    'x'.repeat(64),
    '.',
    '*',
    '+5',
  ),
  fc.string({ maxLength: 5 }),
);
const anyPort = fc.oneof(fc.constantFrom(0, 1, 80, 65_535, 65_536), fc.nat({ max: 70_000 }));
const anyHost = fc.array(word, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
const anyLabels = fc
  .array(fc.tuple(word, word), { maxLength: 3 })
  .map((pairs) => Object.fromEntries(pairs) as Record<string, string>);
const anyEndpoint = fc.record({
  ...Object.fromEntries(Object.entries(good).map(([key, value]) => [key, fc.constant(value)])),
  address: fc.oneof(fc.ipV4(), fc.ipV4Extended(), fc.ipV6(), anyHost),
  ports: fc.oneof(
    fc.constant({ http: 80 }),
    anyPort.map((http) => ({ http })),
  ),
  labels: anyLabels,
}) as unknown as fc.Arbitrary<ServedEndpoint>;

/** One part in three is odd, so that many entries are odd in one way only. */
const odd = <T>(usual: T, arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary });
const anyEntry: fc.Arbitrary<Partial<ServedEntry>> = fc.record({
  host: odd(base.host, anyHost),
  ports: odd(
    base.ports,
    fc.array(fc.record({ number: anyPort, name: word, protocol: odd('HTTP', word) }), { maxLength: 3 }),
  ),
  addresses: odd(base.addresses, fc.tuple(fc.oneof(fc.ipV4(), fc.ipV6(), word))),
  exportTo: odd(
    base.exportTo,
    fc.array(fc.constantFrom('*', '.', '~', 'a', 'b', 'a_b', 'inmesh-registry'), {
      minLength: 1,
      maxLength: 3,
    }),
  ),
  resolution: odd<ServedEntry['resolution']>('STATIC', fc.constant('DNS')),
  endpoints: odd([good], fc.array(anyEndpoint, { minLength: 1, maxLength: 3 })),
});

class Unchecked implements ServedContent {
  readonly snapshot;

  constructor(entries: readonly ServedEntry[]) {
    this.snapshot = { entries: new Map(entries.map((entry) => [`${entry.namespace}/${entry.name}`, entry])) };
  }

  onChange(): () => void {
    return () => undefined;
  }
}

describe("check: istiod's own validation", function () {
  this.timeout(180_000);
  let server: McpServer;
  let istiod: Istiod;
  let stored: ReadonlySet<string>;
  const last = { ...base, name: 'zzz-last' };
  const byRule = RULES.map(([what, part], i) => ({ what, entry: { ...base, ...part, name: `rule-${i}` } }));
  const random = fc
    .sample(anyEntry, { numRuns: RANDOM, seed: 31 })
    .map((part, i) => ({ ...base, ...part, name: `random-${i}` }));
  /** What the check leaves of those that it does not refuse whole. */
  const left = [...byRule.map(({ entry }) => entry), ...random].flatMap((entry) => {
    const checked = checkEntry(entry);
    return checked.entry && checked.problems.length > 0
      ? [{ ...checked.entry, name: `left-${entry.name}` }]
      : [];
  });

  before(async function () {
    const nothing = () => undefined;
    server = new McpServer({
      content: new Unchecked([base, ...byRule.map(({ entry }) => entry), ...random, ...left, last]),
      host: '127.0.0.1',
      port: 0,
      minPushIntervalMs: 100,
      stopMs: 500,
      events: {
        ...{ connected: nothing, disconnected: nothing, sent: nothing, written: nothing, acked: nothing },
        ...{ refused: nothing, rendered: nothing, replaced: nothing, unusable: nothing },
      },
    });
    await server.start();
    istiod = peer(this, await startIstiod({ configSources: [`xds://${server.address}`] }));
    stored = await storedNames();
  });

  after(async () => {
    await istiod?.stop();
    await server?.stop();
  });

  /** All that istiod keeps of one response, which ends with an entry that is in order. */
  async function storedNames(): Promise<ReadonlySet<string>> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const all = JSON.parse(await istiod.debug('/debug/configz')) as {
        kind: string;
        metadata: { name: string };
      }[];
      const names = new Set(
        all.filter(({ kind }) => kind === 'ServiceEntry').map(({ metadata }) => metadata.name),
      );
      if (names.has(last.name)) return names;
      if (Date.now() > end) throw new Error(`istiod did not take the entries: ${istiod.log().slice(-2000)}`);
      await pause(50);
    }
  }

  function assertAlike(entry: ServedEntry): void {
    const { problems } = checkEntry(entry);
    const refused = problems.filter(({ code }) => !STRICTER.has(code)).length > 0;
    const message = JSON.stringify({ entry, problems });
    if (stored.has(entry.name)) assert.ok(!refused || isTolerated(entry), message);
    else assert.ok(refused, message);
  }

  /** What istiod takes and no registry service should be: wildcards, hosts with a dot at the end or of one number. */
  function isTolerated({ host, endpoints }: ServedEntry): boolean {
    if (host.startsWith('*') || host.endsWith('.') || /^\d+$/.test(host)) return true;
    // By DNS, too; and the length of values is left to Kubernetes.
    return endpoints.some(
      ({ address, labels }) =>
        address.endsWith('.') || Object.values(labels).some((value) => value.length > 63),
    );
  }

  it('takes what is in order', () => assert.ok(stored.has(base.name)));

  for (const { what, entry } of byRule)
    it(`${what}: ${checkEntry(entry).problems.length === 0 ? 'taken' : 'refused'} by both`, () =>
      assertAlike(entry));

  it(`${RANDOM} random entries: both say the same of each`, () => {
    const taken = random.filter(({ name }) => stored.has(name)).length;
    console.log(`    istiod took ${taken} of ${RANDOM}`);
    assert.ok(taken > RANDOM / 10 && taken < (RANDOM * 9) / 10);
    for (const entry of random) assertAlike(entry);
  });

  it('what the check leaves of a bad entry is taken', () => {
    assert.ok(left.length > 100);
    for (const entry of left) assert.ok(stored.has(entry.name), JSON.stringify(entry));
  });
});
