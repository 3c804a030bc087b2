import assert from 'node:assert/strict';
import { OutOfService } from '../../../hooks/eureka/out-of-service';

const instance = (n: number, status: string, more: object = {}) => ({
  ...{ instanceId: `i${n}`, app: 'ORDERS', vipAddress: 'orders,shop', ipAddr: `10.0.0.${n}`, status },
  ...{ port: { $: 80, '@enabled': 'true' }, securePort: { $: 443, '@enabled': 'false' } },
  ...more,
});
const answer = (application: unknown) => ({ applications: { application } });
const keys = (out: OutOfService, kind: 'app' | 'vip', name: string) => [...(out.of(kind, name) ?? [])].sort();

describe('eureka: instances that are registered, but not UP', () => {
  it('are known by application and by each VIP address; one instance or application need not be an array', () => {
    const out = new OutOfService();
    out.full(answer({ name: 'ORDERS', instance: instance(1, 'OUT_OF_SERVICE') }));
    assert.deepEqual(keys(out, 'app', 'orders'), ['10.0.0.1:80']);
    out.full(
      answer([{ name: 'ORDERS', instance: [1, 2, 3].map((n) => instance(n, n === 1 ? 'UP' : 'DOWN')) }]),
    );
    for (const [kind, name] of [
      ['app', 'ORDERS'],
      ['vip', 'orders'],
      ['vip', 'shop'],
    ] as const)
      assert.deepEqual(keys(out, kind, name), ['10.0.0.2:80', '10.0.0.3:80']);
    assert.equal(out.of('app', 'USERS'), undefined);
    out.full(answer([]));
    assert.equal(out.of('app', 'ORDERS'), undefined);
  });

  it('come and go by deltas', () => {
    const out = new OutOfService();
    out.full(answer([{ name: 'ORDERS', instance: [instance(1, 'UP'), instance(2, 'DOWN')] }]));
    const before = out.of('app', 'ORDERS')!;
    const modified = { actionType: 'MODIFIED' };
    out.delta([
      { name: 'ORDERS', instance: [instance(1, 'OUT_OF_SERVICE', modified), instance(2, 'UP', modified)] },
    ]);
    assert.deepEqual(keys(out, 'app', 'ORDERS'), ['10.0.0.1:80']);
    assert.deepEqual([...before], ['10.0.0.2:80'], 'what was given before stays as it was');
    out.delta({ name: 'ORDERS', instance: instance(1, 'OUT_OF_SERVICE', { actionType: 'DELETED' }) });
    assert.equal(out.of('app', 'ORDERS'), undefined);
  });

  it('are not looked for in what is no answer', () => {
    const out = new OutOfService();
    for (const nothing of [undefined, null, {}, { applications: {} }]) out.full(nothing);
    for (const nothing of [undefined, null, [], [{}], {}]) out.delta(nothing);
    assert.equal(out.of('app', 'ORDERS'), undefined);
  });
});
