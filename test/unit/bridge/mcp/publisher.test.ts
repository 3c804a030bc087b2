import assert from 'node:assert/strict';
import { Publisher, type Rendered } from '../../../../src/bridge/mcp/publisher';
import { ScriptedContent, servedEntry } from '../../../support/bridge/scripted-content';

/** Time that stands still until it is moved; each rendering takes `cost`. */
function scene(minPushIntervalMs = 100, cost = 0) {
  const content = new ScriptedContent();
  const time = { now: 1_000 };
  const pushes: number[] = [];
  const rendered: Rendered[] = [];
  let timer: { at: number; run: () => void } | undefined;
  const publisher = new Publisher({
    content: {
      get snapshot() {
        const { snapshot } = content;
        if (!snapshot) return undefined;
        return {
          get entries() {
            time.now += cost;
            return snapshot.entries;
          },
        };
      },
      onChange: (listener) => content.onChange(listener),
    },
    minPushIntervalMs,
    now: () => time.now,
    after: (ms, run) => {
      timer = { at: time.now + ms, run };
      return () => {
        timer = undefined;
      };
    },
    onRendered: (each) => rendered.push(each),
  });
  publisher.subscribe({ published: (since) => pushes.push(since) });
  const advance = (ms: number) => {
    time.now += ms;
    if (timer && timer.at <= time.now) {
      const { run } = timer;
      timer = undefined;
      run();
    }
  };
  return { content, publisher, pushes, rendered, advance, waiting: () => timer !== undefined };
}

describe('bridge: the pace of pushes', () => {
  it('the first news after a quiet time go out at once, what follows is collected', () => {
    const { content, pushes, advance, waiting } = scene();
    content.set(servedEntry('a', []));
    assert.equal(pushes.length, 1);
    advance(10);
    content.set(servedEntry('a', ['10.0.0.1:1']));
    content.set(servedEntry('a', ['10.0.0.2:1']));
    assert.equal(pushes.length, 1);
    assert.equal(waiting(), true);
    advance(89);
    assert.equal(pushes.length, 1);
    advance(1);
    assert.equal(pushes.length, 2);
    assert.equal(waiting(), false);
    advance(100);
    content.set(servedEntry('a', []));
    assert.equal(pushes.length, 3);
  });

  it('what costs much is pushed less often, but at least once a second', () => {
    for (const [cost, wait] of [
      [20, 100],
      [50, 200],
      [9_000, 1_000],
    ] as const) {
      const { content, pushes, advance } = scene(100, cost);
      content.set(servedEntry('a', []));
      content.set(servedEntry('b', []));
      advance(wait - 1);
      assert.equal(pushes.length, 1);
      advance(1);
      assert.equal(pushes.length, 2);
    }
  });

  it('an empty gate that opens is news', () => {
    const { content, publisher, pushes } = scene();
    assert.equal(publisher.current(), undefined);
    content.set();
    assert.equal(pushes.length, 1);
    assert.equal(publisher.current()!.size, 0);
  });

  it('content that was there before is there for the first reader', () => {
    const content = new ScriptedContent();
    content.set(servedEntry('a', []));
    const publisher = new Publisher({ content, minPushIntervalMs: 0, now: () => 0 });
    assert.equal(publisher.current()!.size, 1);
    publisher.stop();
  });

  it('equal content is no push; the version says so', () => {
    const { content, publisher, pushes, rendered, advance } = scene();
    content.set(servedEntry('a', ['10.0.0.1:1']));
    const { version } = publisher.current()!;
    advance(200);
    content.set(servedEntry('a', ['10.0.0.1:1']));
    assert.equal(pushes.length, 1);
    assert.equal(rendered.length, 1);
    assert.equal(publisher.current()!.version, version);
  });

  it('tells how many entries changed, over everything that was collected', () => {
    const { content, rendered, advance } = scene();
    content.set(servedEntry('a', []));
    content.set(servedEntry('a', []), servedEntry('b', []));
    content.set(servedEntry('c', []));
    advance(100);
    assert.deepEqual(
      rendered.map(({ changed, resources }) => [changed, resources]),
      [
        [1, 1],
        [3, 1],
      ],
    );
  });

  it('nothing is pushed after stop', () => {
    const { content, publisher, pushes, waiting } = scene();
    content.set(servedEntry('a', []));
    content.set(servedEntry('b', []));
    publisher.stop();
    assert.equal(waiting(), false);
    content.set(servedEntry('c', []));
    assert.equal(pushes.length, 1);
  });
});
