/** Envoy's outlier detection by statistics: which hosts did worse than the others in the interval that ended. */

import type { EndpointState } from '../cluster';
import type { OutlierDetection } from '../model';

/** What is looked at: answers, or connections where local errors are counted apart. */
export type Results = 'answers' | 'connections';

interface Rated {
  readonly host: EndpointState;
  /** Percent. */
  readonly successRate: number;
}

/** A host to be ejected; `enforcing` is the percentage of the cases in which it really is. */
export interface Outlier {
  readonly host: EndpointState;
  readonly enforcing: number;
}

/** The outliers among hosts with results since the last interval that are not ejected. */
export function statisticalOutliers(
  hosts: readonly EndpointState[],
  results: Results,
  config: OutlierDetection,
): Outlier[] {
  const bySuccessRate = rated(hosts, results, config.successRateRequestVolume);
  const byPercentage = rated(hosts, results, config.failurePercentageRequestVolume);
  const ofAnswers = results === 'answers';
  const outliers: Outlier[] = [];
  if (bySuccessRate.length > 0 && bySuccessRate.length >= config.successRateMinimumHosts) {
    const threshold = ejectionThreshold(bySuccessRate, config.successRateStdevFactor / 1000);
    const enforcing = ofAnswers ? config.enforcingSuccessRate : config.enforcingLocalOriginSuccessRate;
    for (const { host, successRate } of bySuccessRate) {
      if (successRate < threshold) outliers.push({ host, enforcing });
    }
  }
  if (byPercentage.length > 0 && byPercentage.length >= config.failurePercentageMinimumHosts) {
    const enforcing = ofAnswers
      ? config.enforcingFailurePercentage
      : config.enforcingFailurePercentageLocalOrigin;
    for (const { host, successRate } of byPercentage) {
      if (100 - successRate >= config.failurePercentageThreshold) outliers.push({ host, enforcing });
    }
  }
  return outliers;
}

/** Only hosts with at least that many results say anything. */
function rated(hosts: readonly EndpointState[], results: Results, volume: number): Rated[] {
  const list: Rated[] = [];
  for (const host of hosts) {
    const { all, good } = host.results[results];
    if (all > 0 && all >= volume && !host.ejection.active)
      list.push({ host, successRate: (100 * good) / all });
  }
  return list;
}

/** Mean less `factor` standard deviations, percent. */
function ejectionThreshold(hosts: readonly Rated[], factor: number): number {
  let sum = 0;
  for (const { successRate } of hosts) sum += successRate;
  const mean = sum / hosts.length;
  let squares = 0;
  for (const { successRate } of hosts) squares += (successRate - mean) ** 2;
  return mean - factor * Math.sqrt(squares / hosts.length);
}
