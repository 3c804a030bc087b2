import assert from 'node:assert/strict';
import { instancesOf } from '../../../src/registry/destinations';
import type { MeshInstance } from '../../../src/registry/instance';
import {
  EQUAL_SHARES,
  type MergeInput,
  mergeLists,
  readShares,
  type Shape,
} from '../../../src/registry/merge';
import { RegistrySide } from '../../../src/registry/registry-side';
import { cluster, endpoint } from '../../support/static-feed';

interface Row {
  readonly at: string;
  readonly weight?: number;
  readonly mesh?: boolean;
}

const SHAPE: Shape<Row> = {
  key: ({ at }) => at,
  weight: ({ weight }) => weight,
  make: ({ key }, weight) => ({ at: key, weight, mesh: true }),
};

function instance(key: string, weight = 1): MeshInstance {
  const [ip, port] = key.split(':');
  const locality = { region: '', zone: '', subZone: '' };
  return { key, ip: ip!, port: Number(port), weight, host: 'h', servicePort: 80, locality };
}

function merge(
  records: readonly Row[],
  instances: readonly MeshInstance[],
  more: Partial<MergeInput<Row>> = {},
) {
  return mergeLists({
    records,
    instances,
    choice: 'both',
    mayAdd: () => true,
    shares: EQUAL_SHARES,
    shape: SHAPE,
    ...more,
  });
}

describe('registry: merged lists (decisions 22 and 23)', () => {
  const A: Row = { at: '10.0.0.1:80', weight: 1 };
  const B: Row = { at: '10.0.0.2:80', weight: 1 };

  it('hold the registry’s own records first, the same objects, then copies of what only the mesh has', () => {
    const merged = merge([A, B], [instance('10.0.0.2:80'), instance('10.0.0.3:80')]);
    assert.equal(merged[0], A);
    assert.equal(merged[1], B);
    assert.deepEqual(merged.slice(2), [{ at: '10.0.0.3:80', weight: 1, mesh: true }]);
  });

  it('are the registry’s own array where the mesh adds nothing', () => {
    const records = [A, B];
    assert.equal(merge(records, []), records);
    assert.equal(merge(records, [instance('10.0.0.1:80')]), records);
    assert.equal(merge(records, [instance('10.0.0.9:80')], { choice: 'registry' }), records);
  });

  it('of the mesh alone still hold the registry’s object for an address of both', () => {
    const merged = merge([A, B], [instance('10.0.0.2:80'), instance('10.0.0.3:80')], { choice: 'mesh' });
    assert.equal(merged[0], B);
    assert.deepEqual(
      merged.map(({ at }) => at),
      ['10.0.0.2:80', '10.0.0.3:80'],
    );
  });

  it('have mesh weights in the registry’s measure: both means are the same', () => {
    const records = [
      { at: 'x:1', weight: 100 },
      { at: 'x:2', weight: 300 },
    ];
    const merged = merge(records, [instance('y:1', 0.5), instance('y:2', 1.5)]);
    assert.deepEqual(
      merged.slice(2).map(({ weight }) => weight),
      [100, 300],
    );
  });

  it('shift traffic by shares', () => {
    const [, copy] = merge([A], [instance('y:1')], { shares: readShares('1:9')! });
    assert.equal(copy!.weight, 9);
    assert.deepEqual(
      ['1:9', '0:1', '1', '2.5:1'].map((text) => readShares(text)?.mesh),
      [9, undefined, undefined, 1],
    );
  });

  it('order instances by locality and never drop one for it', () => {
    const near = { region: 'r1', zone: 'z1', subZone: 's' };
    const snapshot = cluster('c', [endpoint('10.0.0.1', 80)]);
    const localities = [
      {
        locality: { region: 'r2', zone: 'z1', subZone: '' },
        weight: 1,
        priority: 0,
        endpoints: [endpoint('1.1.1.1', 80)],
      },
      {
        locality: { region: 'r1', zone: 'z2', subZone: '' },
        weight: 1,
        priority: 0,
        endpoints: [endpoint('2.2.2.2', 80)],
      },
      {
        locality: near,
        weight: 1,
        priority: 1,
        endpoints: [endpoint('3.3.3.3', 80), endpoint('1.1.1.1', 80)],
      },
    ];
    const spread = { ...snapshot, endpoints: { ...snapshot.endpoints, localities } };
    const ips = instancesOf([spread, snapshot], 'h', 80, near).map(({ ip }) => ip);
    assert.deepEqual(ips, ['3.3.3.3', '2.2.2.2', '1.1.1.1', '10.0.0.1']);
  });

  it('leave out what the mesh knows to be ill', () => {
    const health = ['UNKNOWN', 'HEALTHY', 'UNHEALTHY', 'DRAINING', 'TIMEOUT', 'DEGRADED'] as const;
    const members = health.map((each, at) => ({ ...endpoint(`10.0.0.${at}`, 80), health: each }));
    const found = instancesOf([cluster('c', members)], 'h', 80, { region: '', zone: '', subZone: '' });
    assert.deepEqual(
      found.map(({ ip }) => ip),
      ['10.0.0.0', '10.0.0.1', '10.0.0.5'],
    );
  });
});

describe('registry: what the registry has taken back', () => {
  it('is not brought back by the mesh until that has lost it, or the registry lists it again', () => {
    const side = new RegistrySide();
    side.heard(['a', 'b', 'c'], 0);
    side.heard(['a', 'b'], 1);
    assert.deepEqual(
      ['a', 'c', 'd'].map((key) => side.mayAdd(key)),
      [false, false, true],
    );
    side.meshHas([{ key: 'c' }]);
    assert.equal(side.mayAdd('c'), false);
    side.meshHas([{ key: 'x' }]);
    assert.equal(side.mayAdd('c'), true);
  });

  it('counts for a last instance, not for several that vanish at once with the registry’s memory', () => {
    const one = new RegistrySide();
    one.heard(['a'], 0);
    one.heard([], 1);
    assert.equal(one.mayAdd('a'), false);
    const restarted = new RegistrySide();
    restarted.heard(['a', 'b'], 0);
    restarted.heard([], 1);
    assert.equal(restarted.mayAdd('a'), true);
    assert.deepEqual(restarted.side, { known: true, size: 0, emptySince: 1 });
  });
});
