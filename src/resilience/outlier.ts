/**
 * Envoy's outlier detection: who is ejected, for how long, and when it comes back. Results are counted per attempt.
 * Time comes in as monotonic milliseconds; there are no timers: intervals are caught up with when something happens.
 * Every method tells whether the set of ejected hosts changed.
 */

import type { EndpointState } from '../cluster';
import type { OutlierDetection } from '../model';
import { statisticalOutliers } from './success-rate';

/** How an attempt failed on this side of the wire. */
export type LocalOrigin = 'connect-failure' | 'timeout' | 'reset';

/** What Envoy counts a failure without answer as, unless local errors are counted apart. */
const STATUS: Readonly<Record<LocalOrigin, number>> = { 'connect-failure': 503, timeout: 504, reset: 503 };
const OK = 200;

export class OutlierDetector {
  private nextTick: number | undefined;

  constructor(
    private config: OutlierDetection,
    /** All endpoints of the cluster. */
    private readonly hosts: () => Iterable<EndpointState>,
    private readonly random: () => number,
  ) {}

  /** Another rule from now on; who is ejected stays so. */
  configure(config: OutlierDetection): void {
    this.config = config;
  }

  /** The rule is gone: everybody is back. */
  forget(): void {
    for (const { ejection } of this.hosts()) {
      ejection.active = false;
      ejection.count = 0;
    }
  }

  /** The attempt was answered. */
  responded(host: EndpointState, status: number, now: number): boolean {
    const ticked = this.tick(now);
    return this.countStatus(host, status, now) || ticked;
  }

  /** The attempt has its connection. `final`: that is all that will be known of it. */
  connected(host: EndpointState, final: boolean, now: number): boolean {
    const ticked = this.tick(now);
    if (this.config.splitExternalLocalOriginErrors) {
      host.failures.local = 0;
      count(host.results.connections, true);
    } else if (final) return this.countStatus(host, OK, now) || ticked;
    return ticked;
  }

  /** The attempt ended without an answer. */
  failed(host: EndpointState, how: LocalOrigin, now: number): boolean {
    const ticked = this.tick(now);
    const { config } = this;
    if (!config.splitExternalLocalOriginErrors) return this.countStatus(host, STATUS[how], now) || ticked;
    count(host.results.connections, false);
    host.failures.local++;
    if (!reached(host.failures.local, config.consecutiveLocalOriginFailure)) return ticked;
    host.failures.local = 0;
    return this.eject(host, config.enforcingConsecutiveLocalOriginFailure, now) || ticked;
  }

  /**
   * What Envoy does at the end of each interval: lets those back whose time is over, judges the results of the interval,
   * makes the next ejection of those that stayed shorter. To be asked before picks; only a comparison between intervals.
   */
  tick(now: number): boolean {
    const interval = Math.max(1, this.config.intervalMs);
    this.nextTick ??= now + interval;
    if (now < this.nextTick) return false;
    const at = this.nextTick;
    const missed = Math.floor((now - at) / interval);
    this.nextTick = at + (missed + 1) * interval;
    const hosts = [...this.hosts()];
    const changed = this.pass(hosts, at, 1);
    const judged = this.judge(hosts, at);
    return (missed > 0 && this.pass(hosts, at + interval, missed)) || judged || changed;
  }

  /**
   * So many intervals end, the first at `at`: those whose time is over come back; who has been back for a whole one is
   * forgiven an ejection.
   */
  private pass(hosts: readonly EndpointState[], at: number, ends: number): boolean {
    const interval = Math.max(1, this.config.intervalMs);
    let changed = false;
    for (const { ejection, failures } of hosts) {
      let calm = ends;
      if (ejection.active) {
        const until = ejection.since + this.ejectionMs(ejection.count);
        const back = Math.max(0, Math.ceil((until - at) / interval));
        if (back >= ends) continue;
        ejection.active = false;
        failures.http = 0;
        failures.gateway = 0;
        failures.local = 0;
        changed = true;
        calm = ends - back - 1;
      }
      ejection.count = Math.max(0, ejection.count - calm);
    }
    return changed;
  }

  /** Ejects who did worse than the others since the last interval. */
  private judge(hosts: readonly EndpointState[], at: number): boolean {
    const { config } = this;
    let changed = false;
    if (hosts.length >= Math.min(config.successRateMinimumHosts, config.failurePercentageMinimumHosts)) {
      for (const results of ['answers', 'connections'] as const) {
        for (const { host, enforcing } of statisticalOutliers(hosts, results, config)) {
          changed = this.eject(host, enforcing, at) || changed;
        }
      }
    }
    for (const { results } of hosts) {
      results.answers.all = 0;
      results.answers.good = 0;
      results.connections.all = 0;
      results.connections.good = 0;
    }
    return changed;
  }

  /** A success resets the counts. 5xx count, of those 502 to 504 also as gateway failures. */
  private countStatus(host: EndpointState, status: number, now: number): boolean {
    const { config } = this;
    const { failures } = host;
    const good = status < 500 || status > 599;
    count(host.results.answers, good);
    if (good) {
      failures.http = 0;
      failures.gateway = 0;
      return false;
    }
    let changed = false;
    failures.gateway = status >= 502 && status <= 504 ? failures.gateway + 1 : 0;
    if (reached(failures.gateway, config.consecutiveGatewayFailure)) {
      failures.gateway = 0;
      changed = this.eject(host, config.enforcingConsecutiveGatewayFailure, now);
    }
    failures.http++;
    if (reached(failures.http, config.consecutive5xx)) {
      failures.http = 0;
      changed = this.eject(host, config.enforcingConsecutive5xx, now) || changed;
    }
    return changed;
  }

  /** `enforcing`: percent of the cases in which the host is really ejected. Each ejection in a row lasts longer. */
  private eject(host: EndpointState, enforcing: number, now: number): boolean {
    const { ejection } = host;
    if (ejection.active || !this.mayEjectMore() || this.random() * 100 >= enforcing) return false;
    const { baseEjectionTimeMs, maxEjectionTimeMs } = this.config;
    ejection.active = true;
    ejection.since = now;
    if (ejection.count * baseEjectionTimeMs < maxEjectionTimeMs + baseEjectionTimeMs) ejection.count++;
    return true;
  }

  private mayEjectMore(): boolean {
    let all = 0;
    let ejected = 0;
    for (const { ejection } of this.hosts()) {
      all++;
      if (ejection.active) ejected++;
    }
    if (ejected === 0 && this.config.alwaysEjectOneHost) return true;
    return (100 * (ejected + 1)) / all <= Math.min(100, this.config.maxEjectionPercent);
  }

  private ejectionMs(times: number): number {
    const { baseEjectionTimeMs, maxEjectionTimeMs } = this.config;
    return Math.min(baseEjectionTimeMs * times, Math.max(baseEjectionTimeMs, maxEjectionTimeMs));
  }
}

function reached(times: number, limit: number): boolean {
  return limit > 0 && times >= limit;
}

function count(results: { all: number; good: number }, good: boolean): void {
  results.all++;
  if (good) results.good++;
}
