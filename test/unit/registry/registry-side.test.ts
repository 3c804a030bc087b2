import assert from 'node:assert/strict';
import { RegistrySide } from '../../../src/registry/registry-side';

const [A, B, C] = ['10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80'];
const mesh = (...keys: readonly string[]) => keys.map((key) => ({ key }));

describe('registry: what the registry has said of a service', () => {
  it('only it decides about what it lists, and about what it has listed and lists no more', () => {
    const side = new RegistrySide();
    side.heard([A, B], 0);
    assert.deepEqual(
      [A, B, C].map((key) => side.mayAdd(key)),
      [false, false, true],
    );
    side.heard([A], 1);
    side.meshHas(mesh(B, C));
    assert.deepEqual(
      [A, B, C].map((key) => side.mayAdd(key)),
      [false, false, true],
    );
  });

  it('what the mesh has lost meanwhile may come again, as another instance', () => {
    const side = new RegistrySide();
    side.heard([A, B], 0);
    side.heard([A], 1);
    side.meshHas(mesh(C));
    side.meshHas(mesh(B, C));
    assert.ok(side.mayAdd(B));
  });

  it('and about what is registered, but out of service, now and afterwards', () => {
    const side = new RegistrySide();
    side.heard([A], 0, new Set([B]));
    assert.ok(!side.mayAdd(B));
    assert.equal(side.side.size, 1);
    side.heard([], 1, new Set([A, B]));
    assert.ok(!side.mayAdd(A) && !side.mayAdd(B));
    side.heard([A], 2);
    assert.ok(!side.mayAdd(B), 'deregistered while it was out');
  });

  it('a registry that has lost all of several has lost its memory, unless it keeps that on a disk', () => {
    for (const [forgets, mayAdd] of [
      [true, true],
      [false, false],
    ] as const) {
      const side = new RegistrySide(forgets);
      side.heard([A, B], 0);
      side.heard([], 1);
      assert.equal(side.mayAdd(A), mayAdd);
    }
    const last = new RegistrySide();
    last.heard([A], 0);
    last.heard([], 1);
    assert.ok(!last.mayAdd(A), 'one alone was deregistered');
  });

  it('remembers only so much of what was taken back, the newest', () => {
    const side = new RegistrySide();
    for (let i = 0; i <= 3_000; i++) side.heard(['10.0.0.1:1', `10.0.0.1:${i + 2}`], i);
    assert.ok(side.mayAdd('10.0.0.1:3') && !side.mayAdd('10.0.0.1:3001'));
  });
});
