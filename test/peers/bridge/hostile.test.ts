/** What nobody should register, in front of a real istiod: it takes everything that the bridge serves, and all of it. */
import { strict as assert } from 'node:assert';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { type Istiod, startIstiod } from '../../../lab';
import type { RegistryInstance, RegistryService, Rejection } from '../../../src/bridge/model';
import { eventually } from '../../support/load';
import { peer } from '../../support/peer';
import { asStored, storedEntries } from '../../support/registries/istio-config';
import { ScriptedBridge } from '../../support/registries/scripted-bridge';
import { instance, service } from '../../unit/bridge/convert/facts';
import { registryService } from '../../unit/bridge/convert/random';

const PATIENCE_MS = 30_000;
const INSTANCES = 10_000;
const SERVICES = 3000;
const GOOD = '10.5.0.1:8080';

/** Each would cost the whole ServiceEntry its place in istiod. The text: what `/rejected` must say of it. */
const BROKEN: readonly (readonly [string, RegistryInstance, RegExp])[] = [
  ['port 0', instance('10.5.0.2:0'), /port/],
  ['a port beyond all', instance('10.5.0.3:70000'), /port/],
  ['a name among addresses', instance('legacy_host:8080'), /address|name/],
  ['an address with a zone', instance('fe80::1%eth0:8080'), /address/],
  ['an address and a mask', instance('10.5.0.4/8:8080'), /address/],
  ['no address', instance(' :8080'), /address/],
];

/** Not broken, but not to be passed on: each stays, without what is wrong with it. */
const TAINTED: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['a label value with commas', { methods: 'a,b,c' }],
  ['a label value beyond 63 characters', { long: 'x'.repeat(64) }],
  ['a label key with a space', { 'bad key': 'v' }],
  ['a label key with two slashes', { 'a/b/c': 'v' }],
  ['JSON', { 'dubbo.endpoints': '[{"port":1}]' }],
  ['an unknown protocol', { protocol: 'GENERIC-X' }],
];

const TAKING: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['a host', { 'inmesh.host': 'kubernetes.default.svc.cluster.local' }],
  ["nacos-istio's host", { 'istio.hostname': 'payments' }],
  ['a TLS mode', { 'security.istio.io/tlsMode': 'istio' }],
  ['a TLS mode by our own key', { 'inmesh.tlsMode': 'istio' }],
  ['an identity', { 'inmesh.serviceAccount': 'admin' }],
  ['a network', { 'topology.istio.io/network': 'other' }],
  ['a locality', { 'istio-locality': 'r.z.s' }],
];

describe('hostile registries before a real istiod', function () {
  this.timeout(180_000);
  let istiod: Istiod;
  let scripted: ScriptedBridge;
  let marks = 0;

  before(async function () {
    scripted = await ScriptedBridge.start(['a', 'b']);
    scripted.set('a', []);
    scripted.set('b', []);
    istiod = peer(this, await startIstiod({ configSources: [scripted.configSource] }));
  });

  after(async () => {
    await istiod?.stop();
    await scripted?.stop();
  });

  function served() {
    return scripted.bridge.content.snapshot!.entries;
  }

  function rejected(): Rejection[] {
    return [...scripted.bridge.state().rejections()];
  }

  /** istiod holds exactly what is served, which itself comes to rest in steps. */
  async function untilStored(): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const stored = await storedEntries(istiod);
      const expected = asStored(served().values());
      if (isDeepStrictEqual(stored, expected)) return;
      if (Date.now() > deadline) assert.deepEqual(stored, expected);
      await pause(20);
    }
  }

  /** Gives the addresses served beside those that are always there. */
  async function serve(...instances: readonly RegistryInstance[]): Promise<string[]> {
    const marker = `10.6.0.${++marks}:8080`;
    scripted.set('a', [service('orders', [instance(GOOD), instance(marker), ...instances])]);
    await eventually('a new snapshot', () => (addresses().includes(marker) ? true : undefined));
    await untilStored();
    return addresses().filter((each) => each !== GOOD && each !== marker);
  }

  function addresses(): string[] {
    return [...served().values()].flatMap(({ endpoints }) =>
      endpoints.map(({ address, ports }) => `${address}:${Object.values(ports)[0]}`),
    );
  }

  for (const [what, broken, reason] of BROKEN) {
    it(`${what}: that instance alone is left out, and listed`, async () => {
      assert.deepEqual(await serve(broken), []);
      const found = rejected().filter(({ instance: id }) => id === broken.id);
      assert.ok(
        found.some((each) => reason.test(each.reason)),
        JSON.stringify(rejected()),
      );
    });
  }

  for (const [what, metadata] of TAINTED) {
    it(`${what}: the instance stays, the metadata does not become a label`, async () => {
      assert.deepEqual(await serve(instance('10.5.0.9:8080', { metadata })), ['10.5.0.9:8080']);
    });
  }

  for (const [what, metadata] of TAKING) {
    it(`metadata takes ${what}: refused`, async () => {
      await serve(instance('10.5.0.9:8080', { metadata }));
      const [entry] = served().values();
      assert.ok(entry && served().size === 1);
      assert.match(entry.host, /^orders\.default-group\.public\./);
      for (const endpoint of entry.endpoints) {
        assert.equal(endpoint.labels['security.istio.io/tlsMode'], 'disabled');
        assert.deepEqual([endpoint.serviceAccount, endpoint.network, endpoint.locality], ['', '', '']);
        assert.ok(
          !Object.keys(endpoint.labels).some(
            (key) => key.startsWith('topology.') || key === 'istio-locality',
          ),
        );
      }
      assert.ok(rejected().length > 0, 'nothing is listed');
    });
  }

  it(`${INSTANCES} random instances: istiod's store is what was sent, all of it`, async () => {
    const [first, second] = [randomServices(1), randomServices(2)];
    const total = [...first, ...second].reduce((sum, each) => sum + each.instances.length, 0);
    scripted.set('a', first);
    scripted.set('b', second);
    await eventually('a new snapshot', () => (served().size > 100 ? true : undefined), 30_000);
    await untilStored();
    const endpoints = [...served().values()].reduce((sum, entry) => sum + entry.endpoints.length, 0);
    console.log(
      `    of ${total} instances ${endpoints} are endpoints of ${served().size} hosts; ${rejected().length} remarks`,
    );
    assert.ok(total >= INSTANCES && endpoints > INSTANCES / 20);
  });
});

/** A registry has each key once, and a service each id. */
function randomServices(seed: number): RegistryService[] {
  const sampled = fc.sample(registryService, { numRuns: SERVICES / 2, seed });
  const services = [...new Map(sampled.map((each) => [each.key, each])).values()];
  return services.map((each) => ({
    ...each,
    instances: [...new Map(each.instances.map((one) => [one.id, one])).values()],
  }));
}
