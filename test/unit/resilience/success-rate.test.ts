import assert from 'node:assert/strict';
import { EndpointState } from '../../../src/cluster';
import type { OutlierDetection } from '../../../src/model';
import { OutlierDetector } from '../../../src/resilience';
import { endpoint, outlierDetection } from '../../support/static-feed';

function setting(changes: Partial<OutlierDetection>, count = 5) {
  const hosts = Array.from(
    { length: count },
    (_, i) => new EndpointState(`h${i}`, endpoint(`10.0.0.${i}`, 80)),
  );
  const base = { consecutive5xx: 0, maxEjectionPercent: 100, intervalMs: 100, successRateRequestVolume: 10 };
  const config = outlierDetection({ ...base, failurePercentageRequestVolume: 10, ...changes });
  const outliers = new OutlierDetector(
    config,
    () => hosts,
    () => 0,
  );
  /** Results of one interval: so many of ten fail. */
  const interval = (failures: readonly number[], at = 0) =>
    hosts.forEach((host, i) => {
      for (let n = 0; n < 10; n++) outliers.responded(host, n < (failures[i] ?? 0) ? 500 : 200, at);
    });
  const ejected = () => hosts.flatMap(({ ejection }, i) => (ejection.active ? [i] : []));
  return { hosts, outliers, interval, ejected };
}

describe('ejection by success rate', () => {
  const rule = { enforcingSuccessRate: 100, successRateStdevFactor: 1900 };
  it('ejects who is more than the factor of standard deviations below the mean, at the interval', () => {
    const { outliers, interval, ejected } = setting(rule);
    interval([0, 0, 8, 0, 0]);
    assert.deepEqual(ejected(), []);
    assert.equal(outliers.tick(100), true);
    assert.deepEqual(ejected(), [2]);
  });
  it('not with fewer hosts than the minimum, nor with fewer requests than the volume', () => {
    const few = setting(rule, 4);
    few.interval([0, 0, 8, 0]);
    few.outliers.tick(100);
    const quiet = setting({ ...rule, successRateRequestVolume: 11 });
    quiet.interval([0, 0, 8, 0, 0]);
    quiet.outliers.tick(100);
    assert.deepEqual([few.ejected(), quiet.ejected()], [[], []]);
  });
  it('counts each interval afresh', () => {
    const { outliers, interval, ejected } = setting(rule);
    interval([0, 0, 0, 0, 0]);
    outliers.tick(100);
    interval([0, 0, 0, 8, 0], 150);
    outliers.tick(200);
    assert.deepEqual(ejected(), [3]);
  });
  it('enforcing 0 ejects nobody', () => {
    const { outliers, interval, ejected } = setting({ ...rule, enforcingSuccessRate: 0 });
    interval([0, 0, 8, 0, 0]);
    outliers.tick(100);
    assert.deepEqual(ejected(), []);
  });
});

describe('ejection by failure percentage', () => {
  const rule = { enforcingFailurePercentage: 100, failurePercentageThreshold: 60 };
  it('ejects who fails at least as often as the threshold says', () => {
    const { outliers, interval, ejected } = setting(rule);
    interval([5, 6, 7, 0, 0]);
    outliers.tick(100);
    assert.deepEqual(ejected(), [1, 2]);
  });
  it('maxEjectionPercent holds', () => {
    const { outliers, interval, ejected } = setting({ ...rule, maxEjectionPercent: 20 });
    interval([9, 9, 9, 9, 9]);
    outliers.tick(100);
    assert.deepEqual(ejected(), [0]);
  });
});

describe('local errors, where they are split', () => {
  const split = { splitExternalLocalOriginErrors: true, enforcingConsecutiveLocalOriginFailure: 0 };
  it('have a success rate of their own, of connections', () => {
    const { hosts, outliers, ejected } = setting(split);
    hosts.forEach((host, i) => {
      for (let n = 0; n < 10; n++) {
        if (i === 4 && n < 8) outliers.failed(host, 'connect-failure', 0);
        else outliers.connected(host, false, 0);
      }
    });
    outliers.tick(100);
    assert.deepEqual(ejected(), [4]);
  });
  it('a connection that stands ends a row of failed ones', () => {
    const { hosts, outliers, ejected } = setting({
      ...split,
      consecutiveLocalOriginFailure: 2,
      enforcingConsecutiveLocalOriginFailure: 100,
    });
    const [host] = hosts as [EndpointState];
    outliers.failed(host, 'connect-failure', 0);
    outliers.connected(host, false, 0);
    outliers.failed(host, 'timeout', 0);
    assert.deepEqual(ejected(), []);
    outliers.failed(host, 'reset', 0);
    assert.deepEqual(ejected(), [0]);
  });
});
