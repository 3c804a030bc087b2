import assert from 'node:assert/strict';
import { effectivePerTryMs, expectedTimeoutMs } from '../../../src/resilience';

describe('timeouts', () => {
  it('a per-try timeout not shorter than the call has no effect', () => {
    assert.equal(effectivePerTryMs(100, 500), 100);
    assert.equal(effectivePerTryMs(500, 500), 0);
    assert.equal(effectivePerTryMs(100, 0), 100);
    assert.equal(effectivePerTryMs(0, 500), 0);
    assert.equal(effectivePerTryMs(Number.NaN, 500), 0);
  });
  it('x-envoy-expected-rq-timeout-ms is the smaller of per-try and remaining route timeout', () => {
    assert.equal(expectedTimeoutMs(0, 0, 0), 0);
    assert.equal(expectedTimeoutMs(0, 600, 0), 600);
    assert.equal(expectedTimeoutMs(0, 600, 551), 49);
    assert.equal(expectedTimeoutMs(200, 600, 100), 200);
    assert.equal(expectedTimeoutMs(200, 600, 551), 49);
    assert.equal(expectedTimeoutMs(200, 0, 9999), 200);
  });
  it('out of time it is 1: 0 would mean no timeout', () => assert.equal(expectedTimeoutMs(0, 600, 700), 1));
});
