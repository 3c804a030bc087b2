import assert from 'node:assert/strict';
import { EndpointState } from '../../../src/cluster';
import type { OutlierDetection } from '../../../src/model';
import { OutlierDetector } from '../../../src/resilience';

import { endpoint, outlierDetection } from '../../support/static-feed';

function detector(count: number, changes: Partial<OutlierDetection> = {}, random = () => 0) {
  const hosts = Array.from(
    { length: count },
    (_, i) => new EndpointState(`h${i}`, endpoint(`10.0.0.${i}`, 80)),
  );
  const config = outlierDetection({ maxEjectionPercent: 100, ...changes });
  return { hosts, outliers: new OutlierDetector(config, () => hosts, random) };
}
function answers(outliers: OutlierDetector, host: EndpointState, ...statuses: number[]): boolean[] {
  return statuses.map((status) => outliers.responded(host, status, 0));
}
const all100 = { maxEjectionPercent: 100 };

describe('outlier detection', () => {
  it('ejects after consecutive5xxErrors failures; the n-th itself still passes', () => {
    const { hosts, outliers } = detector(2, { consecutive5xx: 3 });
    assert.deepEqual(answers(outliers, hosts[0]!, 500, 503, 500), [false, false, true]);
    assert.ok(hosts[0]!.ejection.active && !hosts[1]!.ejection.active);
  });
  it('a success resets the count', () => {
    const { hosts, outliers } = detector(2, { consecutive5xx: 3 });
    assert.ok(!answers(outliers, hosts[0]!, 500, 500, 200, 500, 500, 404).includes(true));
    assert.ok(!hosts[0]!.ejection.active);
  });
  it('refused connections count as 5xx', () => {
    const { hosts, outliers } = detector(2, { consecutive5xx: 2 });
    assert.equal(outliers.failed(hosts[0]!, 'connect-failure', 0), false);
    assert.equal(outliers.failed(hosts[0]!, 'timeout', 0), true);
  });
  it('consecutiveGatewayErrors counts only 502, 503 and 504', () => {
    const gateway = {
      consecutive5xx: 0,
      consecutiveGatewayFailure: 2,
      enforcingConsecutiveGatewayFailure: 100,
    };
    const { hosts, outliers } = detector(2, gateway);
    assert.deepEqual(answers(outliers, hosts[0]!, 502, 500, 503), [false, false, false]);
    assert.deepEqual(answers(outliers, hosts[0]!, 504), [true]);
  });
  it('consecutive5xxErrors: 0 is off (enforcing 0)', () => {
    const { hosts, outliers } = detector(2, { consecutive5xx: 0, enforcingConsecutive5xx: 0 });
    assert.ok(!answers(outliers, hosts[0]!, ...Array(50).fill(500)).includes(true));
  });
  it('enforcing is a percentage of the cases', () => {
    const { hosts, outliers } = detector(2, { consecutive5xx: 1, enforcingConsecutive5xx: 30 }, () => 0.5);
    assert.deepEqual(answers(outliers, hosts[0]!, 500), [false]);
    const other = detector(2, { consecutive5xx: 1, enforcingConsecutive5xx: 60 }, () => 0.5);
    assert.deepEqual(answers(other.outliers, other.hosts[0]!, 500), [true]);
  });
  it('maxEjectionPercent 50 of two hosts: one is ejected', () => {
    const { hosts, outliers } = detector(2, { consecutive5xx: 1, maxEjectionPercent: 50 });
    assert.deepEqual(
      [...answers(outliers, hosts[0]!, 500), ...answers(outliers, hosts[1]!, 500)],
      [true, false],
    );
  });
  it('one host of three may be ejected at 10 % only if the rule always ejects one', () => {
    for (const alwaysEjectOneHost of [true, false]) {
      const rule = { consecutive5xx: 1, maxEjectionPercent: 10, alwaysEjectOneHost };
      const { hosts, outliers } = detector(3, rule);
      assert.deepEqual(
        hosts.flatMap((host) => answers(outliers, host, 500)),
        [alwaysEjectOneHost, false, false],
      );
    }
  });
  it('back after baseEjectionTime, checked at each interval tick', () => {
    const { hosts, outliers } = detector(2, { consecutive5xx: 1, baseEjectionTimeMs: 1500, intervalMs: 400 });
    outliers.responded(hosts[0]!, 500, 1000);
    assert.equal(outliers.tick(2400), false);
    assert.equal(outliers.tick(2499), false);
    // 1500 ms are over at 2500; the ticks are at 1400, 1800, 2200, 2600.
    assert.equal(outliers.tick(2599), false);
    assert.equal(outliers.tick(2600), true);
    assert.ok(!hosts[0]!.ejection.active);
  });
  it('every further ejection lasts base longer, up to the maximum; calm intervals forgive', () => {
    const rule = { consecutive5xx: 1, baseEjectionTimeMs: 100, maxEjectionTimeMs: 250, intervalMs: 10 };
    const { hosts, outliers } = detector(2, rule);
    const lasts = (from: number): number => {
      outliers.responded(hosts[0]!, 500, from);
      for (let now = from; ; now += 10) if (outliers.tick(now)) return now - from;
    };
    assert.equal(lasts(0), 100);
    assert.equal(lasts(100), 200);
    assert.equal(lasts(300), 250);
    outliers.tick(10_000);
    assert.equal(lasts(10_000), 100);
  });
  it('local errors are counted apart when they are split', () => {
    const split = {
      consecutive5xx: 1,
      splitExternalLocalOriginErrors: true,
      consecutiveLocalOriginFailure: 2,
      enforcingConsecutiveLocalOriginFailure: 100,
    };
    const { hosts, outliers } = detector(3, { ...split, ...all100 });
    assert.equal(outliers.failed(hosts[0]!, 'reset', 0), false);
    assert.equal(outliers.failed(hosts[0]!, 'connect-failure', 0), true);
    assert.deepEqual(answers(outliers, hosts[1]!, 500), [true]);
  });
  it('a rule that is taken away lets everybody back', () => {
    const { hosts, outliers } = detector(2, { consecutive5xx: 1 });
    answers(outliers, hosts[0]!, 500);
    outliers.forget();
    assert.ok(!hosts[0]!.ejection.active);
  });
});
