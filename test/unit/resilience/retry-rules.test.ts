import assert from 'node:assert/strict';
import type { RetryOn, RetryPolicy } from '../../../src/model';
import { type AttemptReset, RetryRules } from '../../../src/resilience';
import { compileHeaderMatch, RegexPool } from '../../../src/routing';
import { retryPolicy } from '../../support/static-feed';

function rules(on: readonly RetryOn[], changes: Partial<RetryPolicy> = {}): RetryRules {
  return new RetryRules(retryPolicy({ on, ...changes }), (match) =>
    compileHeaderMatch(match, new RegexPool()),
  );
}
const RESETS: AttemptReset[] = [
  'remote-connection-failure',
  'connection-timeout',
  'connection-termination',
  'per-try-timeout',
  'overflow',
];
function resets(on: RetryOn, started = true): AttemptReset[] {
  return RESETS.filter((reset) => rules([on]).coversReset(reset, started));
}
function statuses(
  on: RetryOn,
  changes: Partial<RetryPolicy> = {},
  headers: Record<string, string> = {},
): number[] {
  const all = [200, 404, 409, 418, 429, 500, 501, 502, 503, 504, 599];
  return all.filter((status) => rules([on], changes).coversResponse(status, (name) => headers[name]));
}
const ALL_BUT_OVERFLOW = RESETS.slice(0, 4);

describe('retry on a reset', () => {
  it('connect-failure covers refused and timed-out connections', () => {
    assert.deepEqual(resets('connect-failure'), ['remote-connection-failure', 'connection-timeout']);
  });
  it('reset, 5xx and gateway-error cover FIN, RST and per-try timeouts, too', () => {
    for (const on of ['reset', '5xx', 'gateway-error'] as const)
      assert.deepEqual(resets(on), ALL_BUT_OVERFLOW);
  });
  it('reset-before-request covers only what had not been sent', () => {
    assert.deepEqual(resets('reset-before-request', true), []);
    assert.deepEqual(resets('reset-before-request', false), ALL_BUT_OVERFLOW);
  });
  it('conditions on answers cover no reset', () => {
    for (const on of [
      'retriable-4xx',
      'retriable-status-codes',
      'retriable-headers',
      'refused-stream',
    ] as const) {
      assert.deepEqual(resets(on), [], on);
    }
  });
  it('an overflow is never retried', () => {
    for (const on of ['5xx', 'reset', 'gateway-error', 'connect-failure'] as const) {
      assert.ok(!rules([on]).coversReset('overflow', false));
    }
  });
});

describe('retry on a response', () => {
  it('5xx covers all of 500 to 599', () => assert.deepEqual(statuses('5xx'), [500, 501, 502, 503, 504, 599]));
  it('gateway-error covers 502, 503 and 504', () =>
    assert.deepEqual(statuses('gateway-error'), [502, 503, 504]));
  it('retriable-4xx covers only 409', () => assert.deepEqual(statuses('retriable-4xx'), [409]));
  it('retriable-status-codes covers the codes of the rule', () => {
    assert.deepEqual(statuses('retriable-status-codes', { retriableStatusCodes: [418, 429] }), [418, 429]);
  });
  it('without codes retriable-status-codes is inert', () =>
    assert.deepEqual(statuses('retriable-status-codes'), []));
  it('reset covers no status', () => assert.deepEqual(statuses('reset'), []));
  it('the default policy does not retry a 503 or 500 of the backend', () => {
    const { on } = retryPolicy();
    assert.ok(!rules(on).coversResponse(503, () => undefined));
    assert.ok(!rules(on).coversResponse(500, () => undefined));
  });
  it('retriable-headers covers a response with such a header', () => {
    const retriableHeaders = [
      {
        name: 'x-retry',
        test: { kind: 'present', present: true },
        invert: false,
        treatMissingAsEmpty: false,
      },
    ] as const;
    assert.deepEqual(statuses('retriable-headers', { retriableHeaders }), []);
    assert.equal(statuses('retriable-headers', { retriableHeaders }, { 'x-retry': '' }).length, 11);
  });
  it('x-envoy-overloaded of a backend changes nothing (test/conformance: retries)', () => {
    assert.deepEqual(statuses('5xx', {}, { 'x-envoy-overloaded': 'true' }), statuses('5xx'));
  });
  it('x-envoy-ratelimited is retried only by envoy-ratelimited', () => {
    assert.deepEqual(statuses('5xx', {}, { 'x-envoy-ratelimited': 'true' }), []);
    assert.equal(statuses('envoy-ratelimited', {}, { 'x-envoy-ratelimited': 'true' }).length, 11);
    assert.deepEqual(statuses('envoy-ratelimited'), []);
  });
  it('no condition, no retry', () => {
    const none = rules([], { numRetries: 3 });
    assert.equal(none.numRetries, 0);
    assert.ok(!none.coversResponse(503, () => undefined) && !none.coversReset('connection-timeout', false));
  });
});

describe('back-off', () => {
  it('is uniform in [0, min(base·2^(k-1), 10·base))', () => {
    const limits = [25, 50, 100, 200, 250, 250];
    limits.forEach((limit, at) => {
      const highest = rules(['5xx']).backOffMs(at + 1, () => 0.999999);
      assert.equal(highest, limit - 1);
      assert.equal(
        rules(['5xx']).backOffMs(at + 1, () => 0),
        0,
      );
      assert.equal(
        rules(['5xx']).backOffMs(at + 1, () => 0.5),
        Math.floor(limit / 2),
      );
    });
  });
  it('backoff: 0.4s has a cap of 4 s', () => {
    const slow = rules(['5xx'], { backOff: { baseMs: 400, maxMs: 4000 } });
    const limits = [1, 2, 3, 4, 5].map((k) => slow.backOffMs(k, () => 0.9999999));
    assert.deepEqual(limits, [399, 799, 1599, 3199, 3999]);
  });
  describe('of a rate-limited response', () => {
    const limited = rules(['envoy-ratelimited'], {
      rateLimitedBackOff: {
        resetHeaders: [
          { name: 'Retry-After', format: 'seconds' },
          { name: 'x-reset', format: 'unix-timestamp' },
        ],
        maxMs: 60_000,
      },
    });
    const wait = (headers: Record<string, string>, random = 0) =>
      limited.backOffMs(
        1,
        () => random,
        (name) => headers[name],
        1_000_000,
      );
    it('follows the reset header, with up to half of it on top', () => {
      assert.equal(wait({ 'retry-after': '2' }), 2000);
      assert.equal(wait({ 'retry-after': '2' }, 0.999), 2999);
    });
    it('knows unix timestamps', () => assert.equal(wait({ 'x-reset': '1003' }), 3000));
    it('beyond the limit, in the past or unreadable it is not used', () => {
      for (const value of ['61', '-1', 'soon', '']) assert.equal(wait({ 'retry-after': value }), 0);
      assert.equal(wait({ 'x-reset': '999' }), 0);
    });
  });
});
