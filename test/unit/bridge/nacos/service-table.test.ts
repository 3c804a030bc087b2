/** What a namespace holds: older pushes, empty pushes, and what a reconnect may not take away. */

import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { toInstances } from '../../../../src/bridge/source/nacos/service';
import { ServiceTable } from '../../../../src/bridge/source/nacos/service-table';
import type { NacosInstance } from '../../../../src/nacos';
import { RecordingSink } from '../../../support/source-sink';

const KEY = 'public/G/orders';

function table(pushEmptyProtection = false) {
  const sink = new RecordingSink();
  return { sink, table: new ServiceTable({ namespace: 'public', sink, pushEmptyProtection }) };
}

function info(lastRefTime: number, ...hosts: (number | NacosInstance)[]) {
  const full = hosts.map((host) => (typeof host === 'number' ? { ip: '10.0.0.1', port: host } : host));
  return { name: 'orders', groupName: 'G', hosts: full, lastRefTime };
}

describe('the table of a namespace', () => {
  it('ignores what is older than what it knows, within one session', () => {
    const { table: t, sink } = table();
    t.take('G', 'orders', info(10, 1, 2), false);
    t.take('G', 'orders', info(9, 1), true);
    assert.equal(sink.addresses(KEY)?.length, 2);
    t.newSession(false);
    t.take('G', 'orders', info(3, 1), false);
    assert.equal(sink.addresses(KEY)?.length, 1);
  });

  it('reports the same state once, whatever its order', () => {
    const { table: t, sink } = table();
    t.take('G', 'orders', info(1, 1, 2), false);
    t.take('G', 'orders', info(2, 2, 1), true);
    assert.deepEqual(sink.events, [`update ${KEY} 2`]);
  });

  it('reports an empty service, and removes what is no longer listed', () => {
    const { table: t, sink } = table();
    t.take('G', 'orders', info(1, 1), false);
    t.take('G', 'orders', info(2), true);
    assert.equal(t.unlist('G', 'orders'), false);
    assert.deepEqual(sink.events, [`update ${KEY} 1`, `update ${KEY} 0`, `remove ${KEY}`]);
  });

  it('with pushEmptyProtection an unusable push changes nothing, an answer does', () => {
    const { table: t, sink } = table(true);
    t.take('G', 'orders', info(1, 1), false);
    t.take('G', 'orders', info(2), true);
    t.take('G', 'orders', info(3, { ip: '10.0.0.1', port: 1, healthy: false }), true);
    assert.deepEqual(
      sink.services.get(KEY)?.instances.map(({ healthy }) => healthy),
      [true],
    );
    t.take('G', 'orders', info(4), false);
    assert.equal(sink.addresses(KEY)?.length, 0);
  });

  it('keeps the instances of the session before until they are confirmed, or things have settled', () => {
    const { table: t, sink } = table();
    t.take('G', 'orders', info(10, 1, 2, 3), false);
    t.newSession(true);
    t.take('G', 'orders', info(1, 2), false);
    assert.equal(sink.addresses(KEY)?.length, 3);
    t.take('G', 'orders', info(2, 2, 3), true);
    t.take('G', 'orders', info(3, 2), true);
    assert.deepEqual(sink.addresses(KEY), ['10.0.0.1:1', '10.0.0.1:2']);
    assert.deepEqual(t.settled(), []);
    assert.deepEqual(sink.addresses(KEY), ['10.0.0.1:2']);
  });

  it('keeps a service that is not listed after a reconnect, and gives it up when things have settled', () => {
    const { table: t, sink } = table();
    t.take('G', 'orders', info(10, 1), false);
    t.newSession(true);
    t.take('G', 'orders', info(1), false);
    assert.equal(t.unlist('G', 'orders'), true);
    assert.deepEqual(t.known(), []);
    assert.equal(sink.addresses(KEY)?.length, 1);
    assert.deepEqual(
      t.settled().map(({ name }) => name),
      ['orders'],
    );
    assert.equal(sink.services.size, 0);
  });

  it('two sessions lost in a row lose nothing', () => {
    const { table: t, sink } = table();
    t.take('G', 'orders', info(10, 1, 2), false);
    t.newSession(true);
    t.take('G', 'orders', info(1, 3), false);
    t.newSession(true);
    t.take('G', 'orders', info(1, 1), false);
    assert.equal(sink.addresses(KEY)?.length, 3);
    t.settled();
    assert.deepEqual(sink.addresses(KEY), ['10.0.0.1:1']);
  });

  it('ends with what the last session says, whatever happened before', () => {
    const ports = fc.uniqueArray(fc.integer({ min: 1, max: 5 }));
    const step = fc.oneof(
      fc.record({ kind: fc.constant('take' as const), ports }),
      fc.record({ kind: fc.constant('session' as const), settling: fc.boolean() }),
      fc.record({ kind: fc.constant('unlist' as const) }),
      fc.record({ kind: fc.constant('settled' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), ports, (steps, last) => {
        const { table: t, sink } = table();
        let time = 100;
        for (const one of steps) {
          if (one.kind === 'take') t.take('G', 'orders', info(time++, ...one.ports), true);
          else if (one.kind === 'session') t.newSession(one.settling);
          else if (one.kind === 'unlist') t.unlist('G', 'orders');
          else t.settled();
        }
        t.take('G', 'orders', info(time++, ...last), true);
        for (const port of last) assert.ok(sink.addresses(KEY)?.includes(`10.0.0.1:${port}`));
        t.settled();
        assert.deepEqual(sink.addresses(KEY), last.map((port) => `10.0.0.1:${port}`).sort());
      }),
    );
  });
});

describe('instances as Nacos lists them', () => {
  it('are named by place, whatever id Nacos gave them; equal ones are one, different ones of a place two', () => {
    const host = { ip: '10.0.0.1', port: 1, clusterName: 'c' };
    const instances = toInstances([
      { ...host, instanceId: 'snowflake-1', metadata: { b: '1' } },
      { ...host, instanceId: 'x', metadata: { a: '1' } },
      { ...host, instanceId: null, metadata: { b: '1' } },
    ]);
    assert.deepEqual(
      instances.map(({ id, metadata, cluster }) => [id, metadata, cluster]),
      [
        ['10.0.0.1#1#c', { a: '1' }, 'c'],
        ['10.0.0.1#1#c#2', { b: '1' }, 'c'],
      ],
    );
  });

  it('never throw and never depend on the order, whatever was registered', () => {
    const host = fc.record(
      {
        ip: fc.oneof(fc.ipV4(), fc.string()),
        port: fc.oneof(fc.nat(), fc.constant(Number.NaN)),
        weight: fc.double(),
        healthy: fc.boolean(),
        enabled: fc.boolean(),
        clusterName: fc.oneof(fc.string(), fc.constant(null)),
        metadata: fc.oneof(fc.constant(null), fc.dictionary(fc.string(), fc.string())),
      },
      { requiredKeys: ['ip', 'port'] },
    );
    fc.assert(
      fc.property(fc.array(host, { maxLength: 6 }), (hosts) => {
        const straight = toInstances(hosts);
        assert.deepEqual(toInstances([...hosts].reverse()), straight);
        assert.equal(new Set(straight.map(({ id }) => id)).size, straight.length);
      }),
    );
  });

  it('take null, numbers and nonsense where Nacos never sends them', () => {
    const nonsense = [null, 3, { ip: 5, port: '80', metadata: 'x' }, { metadata: { a: null, b: 2 } }];
    assert.equal(toInstances(nonsense as unknown as NacosInstance[]).length, 2);
  });
});
