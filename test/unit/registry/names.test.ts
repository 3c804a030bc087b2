import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NameTable, type ServiceName, type Source } from '../../../src/registry/names';
import { Rules } from '../../../src/registry/rules';

function table(hosts: readonly string[] = [], namespaces: readonly string[] = []) {
  return new NameTable({ hosts, namespaces, podNamespace: 'shop' });
}

function name(service: string, more: Partial<ServiceName> = {}): ServiceName {
  return { source: 'nacos', service, ...more };
}

describe('registry: names (decision 21)', () => {
  it('become hosts by the template, in the namespace of the pod', () => {
    assert.deepEqual(table().map(name('orders')), { hosts: [{ host: 'orders.shop.svc.cluster.local' }] });
    assert.deepEqual(table().map(name('ORDERS', { source: 'eureka' })), {
      hosts: [{ host: 'orders.shop.svc.cluster.local' }],
    });
  });

  it('are in the namespace that the table has for the registry’s own', () => {
    const names = table([], ['prod=shop-prod', 'nacos/test=shop-test', '*=other']);
    const hostOf = (namespace: string) => {
      const mapped = names.map(name(`s-${namespace}`, { namespace }));
      return 'hosts' in mapped ? mapped.hosts[0]!.host : mapped.problem;
    };
    assert.equal(hostOf('prod'), 's-prod.shop-prod.svc.cluster.local');
    assert.equal(hostOf('test'), 's-test.shop-test.svc.cluster.local');
    assert.equal(hostOf('public'), 's-public.other.svc.cluster.local');
  });

  it('have the hosts that the explicit table gives them, in its order, with ports', () => {
    const names = table(['orders=b.x.svc:8080|a.x.svc', 'eureka/orders=c.y.svc', 'A@@orders=g.z.svc']);
    assert.deepEqual(names.map(name('orders')), {
      hosts: [{ host: 'b.x.svc', port: 8080 }, { host: 'a.x.svc' }],
    });
    assert.deepEqual(names.map(name('orders', { source: 'eureka' })), { hosts: [{ host: 'c.y.svc' }] });
    assert.deepEqual(names.map(name('orders', { group: 'A' })), { hosts: [{ host: 'g.z.svc' }] });
  });

  it('are not guessed: other groups, names that are none of DNS, two names for one host', () => {
    const names = table();
    assert.match(problem(names.map(name('orders', { group: 'A' }))), /group/);
    assert.match(problem(names.map(name('com.acme.Orders', { source: 'dubbo' }))), /no DNS name/);
    names.map(name('Pay'));
    assert.match(problem(names.map(name('pay'))), /Pay has the same host/);
    assert.ok('hosts' in names.map(name('Pay')), 'the same name again is no conflict');
    assert.ok('hosts' in names.map(name('pay', { source: 'eureka' })), 'each registry has its own names');
  });

  it('never throw, and give only host names', () => {
    const sources: Source[] = ['nacos', 'eureka', 'consul', 'zookeeper', 'dubbo'];
    fc.assert(
      fc.property(
        fc.constantFrom(...sources),
        fc.string(),
        fc.option(fc.string()),
        fc.string(),
        (source, service, group, rule) => {
          for (const names of [table([`*=${rule}`]), table()]) {
            const mapped = names.map({ source, service, ...(group === null ? {} : { group }) });
            if ('hosts' in mapped) for (const { host } of mapped.hosts) assert.match(host, /^[a-z0-9_.-]+$/);
          }
        },
      ),
      { seed: 7 },
    );
  });
});

describe('registry: rules', () => {
  it('take the most exact one', () => {
    const rules = new Rules(
      ['*=a', 'eureka/*=b', 'orders=c', 'eureka/orders=d', 'broken'],
      (value) => value,
      '',
    );
    const got = [
      rules.get('nacos', 'x'),
      rules.get('eureka', 'x'),
      rules.get('nacos', 'orders'),
      rules.get('eureka', 'orders'),
    ];
    assert.deepEqual(got, ['a', 'b', 'c', 'd']);
  });
});

function problem(mapped: ReturnType<NameTable['map']>): string {
  return 'problem' in mapped ? mapped.problem : '';
}
