import assert from 'node:assert/strict';
import { Subscription } from '../../../src/link/worker/subscription';
import type { DeltaResponse } from '../../../src/xds';

function response(names: readonly string[], removed: readonly string[] = [], version = 'v1'): DeltaResponse {
  const resources = names.map((name) => ({ name, version, typeUrl: 'T', value: new Uint8Array(0) }));
  return { typeUrl: 'T', nonce: 'n', systemVersionInfo: '', resources, removedResources: removed };
}

describe('link subscription', () => {
  it('by name: no request before a name is wanted, for an empty first one would mean everything', () => {
    const eds = new Subscription('T', false);
    assert.equal(eds.next(), undefined);
    eds.want('a');
    assert.deepEqual(eds.next(), { typeUrl: 'T', subscribe: ['a'], initialResourceVersions: {} });
    assert.equal(eds.next(), undefined);
    eds.want('b');
    eds.drop('a');
    assert.deepEqual(eds.next(), { typeUrl: 'T', subscribe: ['b'], unsubscribe: ['a'] });
  });

  it('a wildcard asks once, and on a new stream says what it holds', () => {
    const cds = new Subscription('T', true);
    assert.deepEqual(cds.next(), { typeUrl: 'T', subscribe: [], initialResourceVersions: {} });
    cds.answered(response(['a', 'b', 'bad']), ['a', 'b']);
    cds.answered(response([], ['b']), []);
    cds.reset();
    assert.deepEqual(cds.next()?.initialResourceVersions, { a: 'v1' });
  });

  it('a refused resource is not claimed; a refused newer one leaves the older claim', () => {
    const cds = new Subscription('T', true);
    cds.next();
    cds.answered(response(['a']), ['a']);
    cds.answered(response(['a', 'b'], [], 'v2'), []);
    cds.reset();
    assert.deepEqual(cds.next()?.initialResourceVersions, { a: 'v1' });
  });

  it('what a snapshot held and the first answer does not name is gone; later answers are changes only', () => {
    const cds = new Subscription('T', true);
    cds.holdUnclaimed(['old', 'kept']);
    cds.next();
    assert.deepEqual(cds.answered(response(['kept']), ['kept']), ['old']);
    assert.deepEqual(cds.answered(response(['new']), ['new']), []);
  });

  it('too much to claim in one request is not claimed: the whole answer replaces it', () => {
    const cds = new Subscription('T', true);
    cds.next();
    const names = Array.from(
      { length: 40_000 },
      (_, i) => `outbound|80||service-${i}.${'x'.repeat(70)}.svc.cluster.local`,
    );
    cds.answered(response(names), names);
    cds.reset();
    assert.deepEqual(cds.next()?.initialResourceVersions, {});
    assert.equal(cds.answered(response(names.slice(1)), names.slice(1)).length, 1);
  });

  it('what is claimed on a new stream is not pending: the control plane need not say it again', () => {
    const eds = new Subscription('T', false);
    eds.want('a');
    eds.next();
    eds.answered(response(['a']), ['a']);
    eds.want('b');
    eds.reset();
    assert.deepEqual(Object.keys(eds.next()!.initialResourceVersions!), ['a']);
    assert.deepEqual([...eds.pending], ['b']);
  });

  it('pending are names told and not answered', () => {
    const rds = new Subscription('T', false);
    for (const name of ['80', '81', '82']) rds.want(name);
    rds.next();
    rds.answered(response(['80'], ['81']), ['80']);
    assert.deepEqual([...rds.pending], ['82']);
    rds.absent('82');
    assert.equal(rds.pending.size, 0);
  });
});
