import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import {
  type ApplicationInstance,
  DubboServices,
  type Provider,
  providerOf,
} from '../../../../src/bridge/dubbo';
import type { RegistryService } from '../../../../src/bridge/model';

interface Fact {
  readonly level: 'interface' | 'application';
  readonly owner: string;
  readonly providers: readonly {
    readonly name: number;
    readonly host: number;
    readonly params: Record<string, string>;
  }[];
}

function provider({ name, host, params }: Fact['providers'][number], level = ''): Provider {
  const at = { protocol: 'dubbo', address: `10.0.0.${host}`, port: 20880 };
  const application = `app-${host % 2}`;
  return providerOf(
    { interface: `i${name}`, group: '', version: '' },
    at,
    { level, application, ...params },
    application,
  );
}

class Mirror {
  readonly services = new Map<string, RegistryService>();
  updates = 0;

  update(service: RegistryService): void {
    this.services.set(service.key, service);
    this.updates++;
  }

  remove(key: string): void {
    assert.ok(this.services.delete(key), `${key} was never there`);
  }

  get sorted(): [string, RegistryService][] {
    return [...this.services].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

const one = (weight: string, more: Record<string, string> = {}) => [
  provider({ name: 1, host: 1, params: { weight, ...more } }),
];

describe('Dubbo services of both levels put together', () => {
  const first = (mirror: Mirror) => {
    const { weight, enabled } = mirror.services.get('interface//i1:')!.instances[0]!;
    return `${weight}${enabled ? '' : ' off'}`;
  };

  it('a provider known at both levels is there once; the application level wins', () => {
    const services = new DubboServices();
    const mirror = new Mirror();
    services.setProviders('interface', '/dubbo/i1', one('30'));
    services.flush(mirror);
    assert.equal(first(mirror), '30');
    services.setProviders('application', 'app/1', one('11'));
    services.flush(mirror);
    assert.equal(first(mirror), '11');
    assert.equal(mirror.services.get('interface//i1:')!.instances.length, 1);
  });

  it('disabled or weight 0 at either level counts', () => {
    for (const [application, both] of [
      ['interface', 'application'],
      ['application', 'interface'],
    ] as const) {
      for (const [params, expected] of [
        [{ disabled: 'true' }, '30 off'],
        [{ weight: '0' }, '0'],
      ] as const) {
        const services = new DubboServices();
        const mirror = new Mirror();
        services.setProviders(application, 'a', one('30', params));
        services.setProviders(both, 'b', one('30'));
        services.flush(mirror);
        assert.equal(first(mirror), expected);
      }
    }
  });

  it('a rule counts on top of what the levels say', () => {
    const services = new DubboServices();
    const mirror = new Mirror();
    const name = { interface: 'i1', group: '', version: '' };
    services.setRules(name, [{ providers: [], address: undefined, weight: 3, enabled: undefined }]);
    services.setProviders('interface', 'a', one('30'));
    services.flush(mirror);
    assert.equal(first(mirror), '3');
    assert.equal(mirror.services.get('application/app-1')!.instances[0]!.weight, 3);
    services.setRules(name, []);
    services.flush(mirror);
    assert.equal(first(mirror), '30');
  });

  it('a process is off only when all its services are, and as heavy as the heaviest that is on', () => {
    const services = new DubboServices();
    const mirror = new Mirror();
    const of = () => {
      services.flush(mirror);
      const { weight, enabled, metadata } = mirror.services.get('application/app-1')!.instances[0]!;
      return [weight, enabled, metadata['tag'], metadata['interface']];
    };
    const set = (name: number, params: Record<string, string>) =>
      services.setProviders('interface', `i${name}`, [provider({ name, host: 1, params })]);
    set(1, { weight: '30', tag: 'gray', interface: 'i1' });
    set(2, { weight: '50', tag: 'gray', interface: 'i2', disabled: 'true' });
    assert.deepEqual(of(), [30, true, 'gray', undefined]);
    set(3, { weight: '40', tag: 'blue' });
    assert.deepEqual(of(), [40, true, undefined, undefined]);
    set(1, { weight: '30', disabled: 'true' });
    set(3, { weight: '40', disabled: 'true' });
    assert.deepEqual(of(), [50, false, undefined, undefined]);
  });

  it('an instance without known services is there with its ports; one that provides nothing is not', () => {
    const services = new DubboServices();
    const mirror = new Mirror();
    const instance: ApplicationInstance = {
      id: 'x',
      application: 'shop',
      address: '10.0.0.1',
      port: 1,
      endpoints: [
        { port: 1, protocol: 'dubbo' },
        { port: 2, protocol: 'tri' },
      ],
      revision: 'abc',
      metadataService: undefined,
      metadata: { k: 'v' },
      healthy: true,
      enabled: true,
    };
    services.setInstance('o', instance);
    services.flush(mirror);
    const { instances } = mirror.services.get('application/shop')!;
    assert.deepEqual(
      instances.map(({ id, weight, metadata }) => [id, weight, metadata]),
      [
        ['dubbo://10.0.0.1:1', 100, { k: 'v' }],
        ['tri://10.0.0.1:2', 100, { k: 'v' }],
      ],
    );
    services.setInstance('o', { ...instance, revision: '0' });
    services.flush(mirror);
    assert.equal(mirror.services.size, 0);
    services.setInstance('o', instance);
    services.setInstance('o', undefined);
    services.flush(mirror);
    assert.equal(mirror.services.size, 0);
  });

  it('what did not change is not reported', () => {
    const services = new DubboServices();
    const mirror = new Mirror();
    services.setProviders('interface', 'a', one('30'));
    services.flush(mirror);
    const { updates } = mirror;
    services.setProviders('interface', 'a', one('30'));
    services.setProviders('application', 'b', one('30'));
    services.flush(mirror);
    assert.equal(mirror.updates, updates);
  });

  it('property: any order of facts, with flushes in between, ends in what the last facts say', () => {
    const fact: fc.Arbitrary<Fact> = fc.record({
      level: fc.constantFrom('interface', 'application'),
      owner: fc.constantFrom('a', 'b', 'c'),
      providers: fc.array(
        fc.record({
          name: fc.integer({ min: 1, max: 3 }),
          host: fc.integer({ min: 1, max: 4 }),
          params: fc.record({
            weight: fc.constantFrom('0', '30', '100'),
            disabled: fc.constantFrom('true', 'false'),
          }),
        }),
        { maxLength: 4 },
      ),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(fact, fc.boolean()), { maxLength: 30 }), (facts) => {
        const services = new DubboServices();
        const mirror = new Mirror();
        const last = new Map<string, Fact>();
        const tell = (to: DubboServices, { level, owner, providers }: Fact) =>
          to.setProviders(
            level,
            owner,
            providers.map((each) => provider(each, level)),
          );
        for (const [each, flush] of facts) {
          tell(services, each);
          last.set(`${each.level} ${each.owner}`, each);
          if (flush) services.flush(mirror);
        }
        services.flush(mirror);
        const fresh = new DubboServices();
        const expected = new Mirror();
        for (const key of [...last.keys()].sort().reverse()) tell(fresh, last.get(key)!);
        fresh.flush(expected);
        assert.deepEqual(mirror.sorted, expected.sorted);
        for (const { instances } of mirror.services.values()) assert.ok(instances.length > 0);
      }),
      { seed: 6, numRuns: 300 },
    );
  });
});
