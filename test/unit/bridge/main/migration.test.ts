/** The migration report (decision 19). */
import assert from 'node:assert/strict';
import { compileRules } from '../../../../src/bridge/convert';
import { migrationText, originsOf } from '../../../../src/bridge/main/migration';
import type { RegistryService } from '../../../../src/bridge/model';
import { globalConfig, instance, service, sourceConfig } from '../convert/facts';

describe('bridge: the migration report', () => {
  const marked = (at: string, metadata: Record<string, string>) => instance(at, { metadata });
  const services: Record<string, RegistryService> = {
    'nacos/orders': service('orders', [
      instance('192.0.2.1:80'),
      instance('192.0.2.2:80', { healthy: false }),
      instance('10.0.0.1:80'),
      marked('10.0.0.2:80', { 'inmesh.sidecar': 'true' }),
      marked('10.0.0.3:80', { 'inmesh.sidecar': 'false' }),
      marked('10.0.0.4:80', { 'inmesh.origin': 'mesh' }),
    ]),
    'eureka/ORDERS': service('ORDERS', [instance('192.0.2.9:80')]),
    'nacos/moved': service('moved', [marked('10.0.0.9:80', { 'inmesh.sidecar': 'true' })]),
    'nacos/left': service('left', [instance('192.0.2.3:80')]),
    'nacos/refused': service('refused', [instance('192.0.2.4:99999')]),
    'nacos/empty': service('empty', []),
  };
  const hosts: Record<string, string[]> = {
    ...{ 'nacos/orders': ['orders.shop'], 'eureka/ORDERS': ['orders.shop'] },
    ...{ 'nacos/moved': ['moved.nacos', 'moved.old'], 'nacos/left': ['left.nacos'] },
  };
  const rules = compileRules(
    globalConfig({ meshCidrs: ['10.0.0.0/8'] }),
    ['nacos', 'eureka'].map((name) => ({ name, type: name, convert: sourceConfig() })),
  );
  const reports = Object.keys(services).map((id) => {
    const [source, key] = id.split('/') as [string, string];
    const rest = { instances: 0, served: 0, standing: 'current', unchangedMs: 0 } as const;
    return { source, key, hosts: hosts[id] ?? [], ...rest };
  });
  const origins = originsOf(rules, reports, (source, key) => services[`${source}/${key}`]);

  it('counts by service where its instances are; what is down or was exported counts apart', () => {
    const rows = origins.map(({ host, source, outside, pods, sidecars, exported, down }) =>
      [host, source, outside, pods, sidecars, exported, down].join(' '),
    );
    assert.deepEqual(rows, [
      'left.nacos nacos 1 0 0 0 0',
      'moved.nacos nacos 0 0 1 0 0',
      'moved.old nacos 0 0 1 0 0',
      'orders.shop eureka 1 0 0 0 0',
      'orders.shop nacos 2 1 1 1 1',
      ' nacos 1 0 0 0 0',
    ]);
  });

  it('as a table with its sum', () => {
    const lines = migrationText(origins).split('\n');
    assert.match(lines[0]!, /^host +outside +pods +sidecars +exported +down {2}from$/);
    assert.match(lines[5]!, /^orders\.shop +2 +1 +1 +1 +1 {2}nacos\/orders$/);
    assert.match(lines[6]!, /^\(not served\) +1 /);
    assert.equal(lines[8], '4 hosts: 1 outside the mesh only, 1 on both sides, 2 inside only');
  });
});
