import assert from 'node:assert/strict';
import type { Begin, Delay } from '../../../src/call';
import { type FaultPolicy, NO_HEADER_CHANGES, type Route } from '../../../src/model';
import { cluster, endpoint, forward, outlierDetection, retryPolicy, route } from '../../support/static-feed';
import { attempt, header, localReply, reviews, scene } from './scene';

const ALWAYS = { numerator: 100, denominator: 100 };
const DELAY: FaultPolicy = { delay: { ms: 300, fraction: ALWAYS } };
const ABORT: FaultPolicy = { abort: { status: 555, fraction: ALWAYS } };

function faulty(fault: FaultPolicy, changes: Partial<Route> = {}) {
  return reviews([
    route(forward('c', { timeoutMs: 200, retry: retryPolicy({ on: ['5xx'] }) }), '/', { fault, ...changes }),
  ]);
}

function delay(of: Begin): Delay {
  assert.equal(of?.kind, 'delay');
  return of as Delay;
}

describe('faults', () => {
  it('an abort is answered with its status and "fault filter abort"', () => {
    const { begin, records } = scene(faulty(ABORT));
    const answer = localReply(begin()!);
    assert.deepEqual([answer.status, answer.body, answer.flag], [555, 'fault filter abort', 'FI']);
    assert.deepEqual([records[0]?.flag, records[0]?.attempts, records[0]?.cluster], ['FI', 0, 'c']);
  });
  it('the response headers of the rule and of the chosen destination are on it', () => {
    const set = (name: string) => ({
      ...NO_HEADER_CHANGES,
      response: {
        remove: [],
        add: [{ name, value: '1', action: 'overwrite-if-exists-or-add', keepEmptyValue: false } as const],
      },
    });
    const action = forward('c', { clusters: [{ name: 'c', weight: 1, headers: set('x-destination') }] });
    const { begin } = scene(reviews([route(action, '/', { fault: ABORT, headers: set('x-route') })]));
    const answer = localReply(begin()!);
    assert.deepEqual([header(answer, 'x-destination'), header(answer, 'x-route')], ['1', '1']);
  });
  it('an abort is not seen by outlier detection', () => {
    const detection = outlierDetection({ consecutive5xx: 1, maxEjectionPercent: 100 });
    const one = cluster('c', [endpoint('10.0.0.1', 80)], { outlierDetection: detection });
    const action = forward('c');
    const abort = { abort: { status: 503, fraction: ALWAYS } };
    const { begin } = scene(reviews([route(action, '/bad', { fault: abort }), route(action)], [one]));
    for (let i = 0; i < 10; i++) assert.equal(localReply(begin('/bad')!).status, 503);
    const call = begin('/good');
    assert.equal(call?.kind === 'call' && call.next(0).kind, 'attempt');
  });
  it('first the delay, then the call, whose route timeout has not run', () => {
    const { begin, records } = scene(faulty(DELAY));
    const held = delay(begin('/', {}, 0));
    assert.equal(held.ms, 300);
    const call = held.next(300)!;
    assert.ok(call.kind === 'call');
    assert.equal(call.timeoutMs, 200);
    call.requestSent(300);
    const edit = attempt(call.next(300)).edits.find(({ name }) => name === 'x-envoy-expected-rq-timeout-ms');
    assert.equal(edit?.value, '200');
    const deliver = call.response(310, 200, () => undefined, { replayable: true });
    assert.ok(deliver.kind === 'deliver');
    assert.equal(deliver.edits.find(({ name }) => name === 'x-envoy-upstream-service-time')?.value, '10');
    call.responseEnded(320, true);
    call.end(320);
    held.end(330, 'DC');
    assert.deepEqual(
      records.map(({ flag, ms, status }) => [flag, ms, status]),
      [['DI', 320, 200]],
    );
  });
  it('delay and abort: first the delay', () => {
    const { begin, records } = scene(faulty({ ...DELAY, ...ABORT }));
    const answer = localReply(delay(begin('/', {}, 0)).next(300)!);
    assert.deepEqual(
      [answer.status, answer.flag, records[0]?.flag, records[0]?.ms],
      [555, 'DI,FI', 'DI,FI', 300],
    );
  });
  it('given up in the delay: nothing was picked, reported once', () => {
    const { begin, records } = scene(faulty(DELAY));
    const held = delay(begin('/', {}, 0));
    held.end(100, 'DC');
    held.end(101, 'DC');
    assert.deepEqual(
      records.map(({ flag, attempts, ms }) => [flag, attempts, ms]),
      [['DI,DC', 0, 100]],
    );
  });
  it('flags stand in the order of Envoy', () => {
    const { begin, records } = scene(
      reviews([route(forward('c'), '/', { fault: DELAY })], [cluster('c', [])]),
    );
    const call = delay(begin()).next(300)!;
    assert.ok(call.kind === 'call');
    assert.equal(localReply(call.next(300)).flag, 'DI,UH');
    call.end(300);
    assert.equal(records[0]?.flag, 'DI,UH');
  });
  it('redirects and direct responses are held back and aborted too', () => {
    const tea = { kind: 'direct-response', status: 418, body: 'tea' } as const;
    const { begin } = scene(
      reviews([route(tea, '/abort', { fault: ABORT }), route(tea, '/', { fault: DELAY })]),
    );
    assert.equal(localReply(begin('/abort')!).status, 555);
    assert.equal(localReply(delay(begin('/tea')).next(300)!).body, 'tea');
  });
  it('an injected abort comes before CORS: a preflight is aborted, and its answer not marked', () => {
    const cors = {
      allowOrigins: [{ kind: 'exact', value: 'https://a.test', ignoreCase: false }],
      allowMethods: 'GET',
      allowHeaders: '',
      exposeHeaders: '',
      maxAge: '',
      allowCredentials: true,
      forwardNotMatchingPreflights: true,
    } as const;
    const headers = { origin: 'https://a.test', 'access-control-request-method': 'GET' };
    const { begin } = scene(faulty(ABORT, { cors }));
    const answer = localReply(begin('/', { method: 'OPTIONS', headers })!);
    assert.equal(answer.status, 555);
    assert.equal(header(answer, 'access-control-allow-origin'), undefined);
  });
  it('delay and abort are drawn each by itself, in their percentage', () => {
    const fraction = (numerator: number) => ({ numerator, denominator: 1_000_000 });
    const { begin } = scene(
      faulty({
        delay: { ms: 5, fraction: fraction(200_000) },
        abort: { status: 500, fraction: fraction(300_000) },
      }),
    );
    let delays = 0;
    let aborts = 0;
    let both = 0;
    const times = 20_000;
    for (let i = 0; i < times; i++) {
      const begun = begin();
      const after = begun?.kind === 'delay' ? begun.next(5) : begun;
      if (begun?.kind === 'delay') delays++;
      if (after?.kind !== 'local-reply') continue;
      aborts++;
      if (begun?.kind === 'delay') both++;
    }
    const near = (count: number, share: number) =>
      assert.ok(Math.abs(count / times - share) < 0.015, `${count} of ${times}`);
    near(delays, 0.2);
    near(aborts, 0.3);
    near(both, 0.06);
  });
  it('0 % never, 100 % always', () => {
    const { begin } = scene(faulty({ abort: { status: 500, fraction: { numerator: 0, denominator: 100 } } }));
    for (let i = 0; i < 100; i++) assert.equal(begin()?.kind, 'call');
  });
});
