/** Sidecars of what Dubbo applications consume (decision 18). */
import assert from 'node:assert/strict';
import type { DubboKey, RegistryService } from '../../../../src/bridge/model';
import { callsOf, hostsOf, Sidecars, type SidecarsConfig } from '../../../../src/bridge/sidecars';
import { instance, service } from '../convert/facts';

const dubbo = (name: string, group = '', version = ''): DubboKey => ({
  ...{ interface: name, group, version, application: '' },
});
const consumers = (
  name: string,
  applications: readonly string[],
  group = '',
  version = '',
): RegistryService =>
  service(
    name,
    applications.map((application, i) => instance(`10.9.0.${i}:0`, { metadata: { application } })),
    {
      key: `consumers/${group}/${name}:${version}`,
      kind: 'dubbo-consumers',
      dubbo: dubbo(name, group, version),
    },
  );
const HOSTS = hostsOf([
  { dubbo: dubbo('demo.Orders'), hosts: ['registry/demo.orders.dubbo', 'registry/shop.dubbo'] },
  { dubbo: dubbo('demo.Stock', 'g1', '1.0'), hosts: ['registry/demo.stock.g1.1-0.dubbo'] },
  { dubbo: dubbo('demo.Stock', 'g2', '2.0'), hosts: ['registry/demo.stock.g2.2-0.dubbo'] },
]);
const config = (more: Partial<SidecarsConfig['workloads'][number]> = {}, keepMs = 1000): SidecarsConfig => ({
  ...{ keepMs, workloads: [{ namespace: 'team', applications: ['*'], label: 'app', hosts: [], ...more }] },
});
const DAY = 86_400_000;

describe('bridge: Sidecars', () => {
  const made = (all: readonly RegistryService[], of = config()) => {
    const sidecars = new Sidecars(of);
    return [...sidecars.make(callsOf(all), HOSTS, 0).values()];
  };

  it('one for each application, for its workloads only: what it consumes, ./* and istio-system/*', () => {
    const all = made([
      consumers('demo.Orders', ['web', 'jobs', 'web']),
      consumers('demo.Stock', ['web'], 'g1', '1.0'),
    ]);
    assert.deepEqual(
      all.map(({ namespace, selector, hosts }) => ({ namespace, selector, hosts })),
      [
        {
          namespace: 'team',
          selector: { app: 'jobs' },
          hosts: ['./*', 'istio-system/*', 'registry/demo.orders.dubbo', 'registry/shop.dubbo'],
        },
        {
          namespace: 'team',
          selector: { app: 'web' },
          hosts: [
            ...['./*', 'istio-system/*', 'registry/demo.orders.dubbo'],
            ...['registry/demo.stock.g1.1-0.dubbo', 'registry/shop.dubbo'],
          ],
        },
      ],
    );
    assert.match(all[1]!.name, /^inmesh-web-[0-9a-f]{8}$/);
  });

  it('groups and versions of a consumer: exact, a list, or any', () => {
    const stock = (group: string, version: string) =>
      made([consumers('demo.Stock', ['web'], group, version)])[0]!.hosts.filter((host) =>
        host.includes('stock'),
      );
    assert.deepEqual(stock('g1', '1.0'), ['registry/demo.stock.g1.1-0.dubbo']);
    assert.deepEqual(stock('g1', '2.0'), []);
    assert.equal(stock('g1,g2', '*').length, 2);
    assert.equal(stock('*', '*').length, 2);
    assert.deepEqual(stock('', ''), []);
  });

  it('only the applications that are meant, in their namespace, by their label, with what they call besides', () => {
    const all = made([consumers('demo.Orders', ['web', 'batch-jobs'])], {
      keepMs: 0,
      workloads: [
        { namespace: 'batch', applications: ['batch-*'], label: 'dubbo-app', hosts: ['registry/*.nacos'] },
        { namespace: 'batch', applications: ['*'], label: 'app', hosts: [] },
      ],
    });
    assert.deepEqual(
      all.map(({ selector }) => selector),
      [{ 'dubbo-app': 'batch-jobs' }, { app: 'web' }],
    );
    assert.ok(all[0]!.hosts.includes('registry/*.nacos'));
  });

  it('what is no longer consumed stays for keepMs, then goes; an application that is gone goes with it', () => {
    const sidecars = new Sidecars(config({}, DAY));
    const hosts = (all: readonly RegistryService[], now: number) =>
      [...sidecars.make(callsOf(all), HOSTS, now).values()].map((each) => each.hosts.length);
    const both = [consumers('demo.Orders', ['web']), consumers('demo.Stock', ['web'], 'g1', '1.0')];
    assert.deepEqual(hosts(both, 0), [5]);
    const [, stock] = both;
    assert.deepEqual(hosts([stock!], DAY), [5]);
    assert.deepEqual(hosts([stock!], DAY + 1), [3]);
    assert.deepEqual(hosts([], 2 * DAY + 1), [3]);
    assert.deepEqual(hosts([], 2 * DAY + 2), []);
  });

  it('an application whose interfaces nobody provides has one all the same, for as long as it consumes', () => {
    const sidecars = new Sidecars(config({}, 10));
    const calls = callsOf([consumers('demo.Nobody', ['web'])]);
    for (const now of [0, 11, 50])
      assert.deepEqual(
        [...sidecars.make(calls, HOSTS, now).values()].map(({ hosts }) => hosts),
        [['./*', 'istio-system/*']],
      );
    assert.deepEqual(sidecars.status()[0]!.consumes, ['demo.Nobody']);
  });

  it('the same object as long as nothing changes; a name that is no label is said and has none', () => {
    const sidecars = new Sidecars(config());
    const calls = callsOf([consumers('demo.Orders', ['web', '前端', ''])]);
    const [first] = sidecars.make(calls, HOSTS, 0).values();
    const again = sidecars.make(calls, HOSTS, 5);
    assert.equal(again.size, 1);
    assert.equal([...again.values()][0], first);
    const problems = sidecars.status().filter(({ problem }) => problem !== undefined);
    assert.deepEqual(
      problems.map(({ application }) => application),
      ['前端'],
    );
  });
});
