import assert from 'node:assert/strict';
import { GarbageAfterPush } from '../../../src/link/worker/garbage';
import { FakeClock } from '../../support/fake-clock';

const MIB = 1024 * 1024;

class Scene {
  readonly clock = new FakeClock(0);
  readonly collections: number[] = [];
  readonly garbage = new GarbageAfterPush({
    collect: () => this.collections.push(this.clock.now()),
    now: () => this.clock.now(),
    after: (ms, callback) => this.clock.after(ms, callback),
  });

  passTo(time: number): void {
    this.clock.pass(time - this.clock.now());
  }
}

describe('garbage of a push', () => {
  it('is collected once, a second after the last large response', () => {
    const scene = new Scene();
    scene.garbage.taken(10 * MIB);
    scene.passTo(900);
    scene.garbage.taken(5 * MIB);
    scene.garbage.taken(100);
    scene.passTo(20_000);
    assert.deepEqual(scene.collections, [1_900]);
  });

  it('is left alone after small responses', () => {
    const scene = new Scene();
    for (let i = 0; i < 100; i++) scene.garbage.taken(MIB - 1);
    scene.passTo(60_000);
    assert.deepEqual(scene.collections, []);
  });

  it('is collected at most every thirty seconds', () => {
    const scene = new Scene();
    for (let time = 0; time < 70_000; time += 2_000) {
      scene.passTo(time);
      scene.garbage.taken(2 * MIB);
    }
    scene.passTo(100_000);
    assert.deepEqual(scene.collections, [1_000, 31_000, 61_000, 91_000]);
  });

  it('is left alone when the link ends', () => {
    const scene = new Scene();
    scene.garbage.taken(2 * MIB);
    scene.garbage.stop();
    scene.passTo(60_000);
    assert.deepEqual(scene.collections, []);
  });
});
