/** Durations in Go's syntax, as istiod reads them. */

import { strict as assert } from 'node:assert';
import * as fc from 'fast-check';
import { nearest } from '../../../src/config';
import { parseDuration } from '../../../src/dev/read/scalars';

describe('durations', () => {
  const CASES: readonly (readonly [string, number | undefined])[] = [
    ['10s', 10_000],
    ['1.5s', 1500],
    ['250ms', 250],
    ['1h30m', 5_400_000],
    ['.5s', 500],
    ['100us', 0.1],
    ['1ns', 1e-6],
    ['0', 0],
    ['0s', 0],
    ['', undefined],
    ['10', undefined],
    ['s', undefined],
    ['-1s', undefined],
    ['1 s', undefined],
    ['1s ', undefined],
    ['1d', undefined],
  ];
  for (const [text, ms] of CASES) {
    it(`"${text}" is ${ms === undefined ? 'none' : `${ms} ms`}`, () => assert.equal(parseDuration(text), ms));
  }

  it('sums of units are the sum of their parts', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), fc.nat(1000), (h, s, ms) => {
        assert.equal(parseDuration(`${h}h${s}s${ms}ms`), h * 3_600_000 + s * 1000 + ms);
      }),
      { seed: 1 },
    );
  });
});

describe('what was probably meant', () => {
  it('finds case, underscores and typing mistakes, and nothing far away', () => {
    const names = ['timeout', 'retries', 'retryOn', 'perTryTimeout'];
    assert.equal(nearest('timeOut', names), 'timeout');
    assert.equal(nearest('retry_on', names), 'retryOn');
    assert.equal(nearest('retrise', names), 'retries');
    assert.equal(nearest('loadBalancer', names), undefined);
  });
});
