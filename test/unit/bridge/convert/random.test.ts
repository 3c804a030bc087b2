/** Whatever a registry holds: what comes of it is valid, complete, and the same on every replica. */
import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { checkEntry } from '../../../../src/bridge/check';
import type { ConvertSourceConfig } from '../../../../src/bridge/convert';
import { convertAll, sourceConfig } from './facts';
import { registryServices } from './random';

const config: fc.Arbitrary<Partial<ConvertSourceConfig>> = fc.record({
  caseCompat: fc.constantFrom('none', 'nacos-istio'),
  instancePorts: fc.boolean(),
  hostTemplate: fc.constantFrom('', '', '{service}.{metadata:env}.{metadata:version}', '{metadata:app}.x'),
  entryLabelsFrom: fc.subarray(['app', 'version', 'env', 'cluster']),
  external: fc.boolean(),
  setLabels: fc.constantFrom<ConvertSourceConfig['setLabels']>(
    {},
    { place: '{namespace}.{group}', name: '{service}', at: '{cluster}' },
  ),
  relabel: fc.constantFrom<ConvertSourceConfig['relabel']>(
    [],
    [{ from: 'version', to: 'env', otherwise: 'none', overwrite: false, keep: true }],
    [{ from: 'env', to: 'version', overwrite: true, keep: false }],
  ),
  localities: fc.constantFrom<ConvertSourceConfig['localities']>(
    {},
    { '10.0.0.0/8': 'r/z/s', 'fd00::/8': 'r' },
  ),
  clusterAsZone: fc.boolean(),
  trustMetadata: fc.subarray([
    'host',
    'namespace',
    'serviceAccount',
    'tlsMode',
    'network',
  ] as const) as fc.Arbitrary<ConvertSourceConfig['trustMetadata']>,
  dubbo: fc
    .constantFrom('auto' as const, 'application' as const, 'interface' as const, 'both' as const)
    .map((hosts) => ({ ...sourceConfig().dubbo, hosts })),
});

const merge = [
  { host: 'one.shop', from: ['a/orders', 'b/订单服务', 'b/orders'] },
  { host: '{service}.many', from: ['a/*o*', 'b/*e*'] },
];

describe('convert: any registry', function () {
  this.timeout(120_000);

  it('gives entries that istiod takes whole, no host twice, no address that is not registered', () => {
    fc.assert(
      fc.property(registryServices(12), registryServices(6), config, (first, second, ofFirst) => {
        // `convertAll` throws when an entry does not pass the check.
        const { entries } = convertAll(
          { merge },
          { a: { services: first, config: ofFirst }, b: { type: 'consul', services: second } },
        );
        const registered = new Set(
          [...first, ...second].flatMap(({ instances }) => instances.map(({ address }) => address)),
        );
        const hosts = new Set<string>();
        for (const entry of entries.values()) {
          assert.deepEqual(checkEntry(entry), { entry, problems: [] });
          assert.ok(!hosts.has(entry.host.toLowerCase()));
          hosts.add(entry.host.toLowerCase());
          assert.ok(entry.endpoints.length > 0);
          for (const { address } of entry.endpoints) assert.ok(registered.has(address));
        }
      }),
      { numRuns: 400, seed: 11 },
    );
  });

  it('is the same whatever the order in which it was told', () => {
    const shuffled = registryServices(10).chain((services) =>
      fc.tuple(fc.constant(services), fc.shuffledSubarray(services, { minLength: services.length })),
    );
    fc.assert(
      fc.property(shuffled, config, ([services, others], ofSource) => {
        const turned = others.map((each) => ({ ...each, instances: [...each.instances].reverse() }));
        const of = (told: typeof services) => {
          const { entries } = convertAll(
            { merge },
            { a: { services: told, config: ofSource }, b: { services: [] } },
          );
          return [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
        };
        assert.deepEqual(of(turned), of(services));
      }),
      { numRuns: 200, seed: 12 },
    );
  });
});
