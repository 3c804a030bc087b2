import assert from 'node:assert/strict';
import { GarbageAfterPush } from '../../../src/link/worker/garbage';

const MIB = 1024 * 1024;

/** Time that passes when the test says so; one timer. */
class Scene {
  time = 0;
  collections: number[] = [];
  private timer: { at: number; callback: () => void } | undefined;
  readonly garbage = new GarbageAfterPush({
    collect: () => this.collections.push(this.time),
    now: () => this.time,
    after: (ms, callback) => {
      const timer = { at: this.time + ms, callback };
      this.timer = timer;
      return () => {
        if (this.timer === timer) this.timer = undefined;
      };
    },
  });

  passTo(time: number): void {
    const { timer } = this;
    if (timer !== undefined && timer.at <= time) {
      this.time = timer.at;
      this.timer = undefined;
      timer.callback();
    }
    this.time = time;
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
