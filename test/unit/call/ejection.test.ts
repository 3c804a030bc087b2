import assert from 'node:assert/strict';
import { cluster, endpoint, forward, outlierDetection, retryPolicy, route } from '../../support/static-feed';
import { attempt, localReply, REPLAYABLE, reviews, scene } from './scene';

const rule = outlierDetection({
  consecutive5xx: 2,
  maxEjectionPercent: 100,
  intervalMs: 100,
  baseEjectionTimeMs: 1000,
});
const hosts = [endpoint('10.0.0.1', 80), endpoint('10.0.0.2', 80), endpoint('10.0.0.3', 80)];
const BAD = '10.0.0.2';

function setting(changes: Parameters<typeof cluster>[2] = {}, retry = retryPolicy({ on: ['5xx'] })) {
  const snapshot = cluster('c', hosts, { outlierDetection: rule, ...changes });
  const model = reviews([route(forward('c', { retry }))], [snapshot]);
  const { call, feed } = scene(model);
  /** One call at that time; those on the bad host fail once and are retried. Returns the addresses tried. */
  const run = (now: number): string[] => {
    const begun = call('/', {}, now);
    const tried: string[] = [];
    for (;;) {
      const { address } = attempt(begun.next(now)).endpoint;
      tried.push(address);
      const status = address === BAD ? 503 : 200;
      if (begun.response(now, status, () => undefined, REPLAYABLE).kind === 'deliver') break;
    }
    begun.responseEnded(now, true);
    begun.end(now);
    return tried;
  };
  const spread = (now: number, calls = 30) => Array.from({ length: calls }, () => run(now)).flat();
  return { run, spread, feed, model, call, snapshot };
}

describe('ejected endpoints', () => {
  it('failures hidden by a retry count; the ejected one gets nothing until its time is over', () => {
    const { spread } = setting();
    assert.equal(spread(0).filter((address) => address === BAD).length, 2);
    assert.ok(!spread(999).includes(BAD));
    assert.ok(spread(1100).includes(BAD));
  });
  it('stay ejected across pushes', () => {
    const { spread, feed, model } = setting();
    spread(0);
    feed.set(model);
    assert.ok(!spread(500).includes(BAD));
    assert.ok(spread(1100).includes(BAD));
  });
  it('are back when the rule is taken away', () => {
    const { spread, feed } = setting();
    spread(0);
    feed.set(reviews([route(forward('c'))], [cluster('c', hosts)]));
    assert.ok(spread(1).includes(BAD));
  });
  it('all ejected: no healthy upstream; with minHealthPercent all are used again', () => {
    for (const healthyPanicThreshold of [0, 60]) {
      const { call } = setting({ healthyPanicThreshold }, retryPolicy({ numRetries: 0 }));
      for (let i = 0; i < 6; i++) {
        const begun = call();
        begun.next(0);
        begun.reset(0, 'remote-connection-failure', REPLAYABLE);
        begun.end(0);
      }
      const next = call().next(0);
      if (healthyPanicThreshold === 0) assert.equal(localReply(next).flag, 'UH');
      else assert.equal(next.kind, 'attempt');
    }
  });
  it('an overflow says nothing about the endpoint', () => {
    const { call, spread } = setting();
    for (let i = 0; i < 20; i++) {
      const begun = call();
      begun.next(0);
      begun.reset(0, 'overflow', REPLAYABLE);
      begun.end(0);
    }
    assert.equal(new Set(spread(0, 3)).size, 3);
  });
});
