/**
 * Envoy's outlier detection by consecutive failures: who is ejected, for how long, and when it comes back. Results are
 * counted per attempt. Time comes in as monotonic milliseconds; there are no timers: intervals are caught up with
 * when somebody asks. Every method tells whether the set of ejected hosts changed.
 */

import type { EndpointState } from '../cluster';
import type { OutlierDetection } from '../model';

/** How an attempt failed on this side of the wire. */
export type LocalOrigin = 'connect-failure' | 'timeout' | 'reset';

/** What Envoy counts a failure without answer as, unless local errors are counted apart. */
const STATUS: Readonly<Record<LocalOrigin, number>> = { 'connect-failure': 503, timeout: 504, reset: 503 };

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

  /** A success resets the counts. 5xx count, of those 502 to 504 also as gateway failures. */
  responded(host: EndpointState, status: number, now: number): boolean {
    const { failures } = host;
    if (status < 500 || status > 599) {
      failures.http = 0;
      failures.gateway = 0;
      failures.local = 0;
      return false;
    }
    if (this.config.splitExternalLocalOriginErrors) failures.local = 0;
    return this.countStatus(host, status, now);
  }

  /** The connection stands: enough of a success where answers cannot be read. */
  connected(host: EndpointState): void {
    host.failures.http = 0;
    host.failures.gateway = 0;
    host.failures.local = 0;
  }

  /** The attempt ended without an answer. */
  failed(host: EndpointState, how: LocalOrigin, now: number): boolean {
    const { config } = this;
    if (!config.splitExternalLocalOriginErrors) return this.countStatus(host, STATUS[how], now);
    host.failures.local++;
    if (!reached(host.failures.local, config.consecutiveLocalOriginFailure)) return false;
    host.failures.local = 0;
    return this.eject(host, config.enforcingConsecutiveLocalOriginFailure, now);
  }

  /** Lets those back whose time is over. To be asked before picks; only a comparison between intervals. */
  tick(now: number): boolean {
    const { intervalMs } = this.config;
    if (this.nextTick === undefined || now < this.nextTick) return false;
    const intervals = 1 + Math.floor((now - this.nextTick) / Math.max(1, intervalMs));
    this.nextTick += intervals * Math.max(1, intervalMs);
    let changed = false;
    let watching = false;
    for (const { ejection } of this.hosts()) {
      if (ejection.active) {
        if (now - ejection.since >= this.ejectionMs(ejection.count)) {
          ejection.active = false;
          changed = true;
        }
      } else if (ejection.count > 0) ejection.count = Math.max(0, ejection.count - intervals);
      watching ||= ejection.active || ejection.count > 0;
    }
    if (!watching) this.nextTick = undefined;
    return changed;
  }

  private countStatus(host: EndpointState, status: number, now: number): boolean {
    const { config } = this;
    const { failures } = host;
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

  /** `enforcing`: percent of the cases in which the host is really ejected. */
  private eject(host: EndpointState, enforcing: number, now: number): boolean {
    const { ejection } = host;
    if (ejection.active || this.random() * 100 >= enforcing || !this.mayEjectMore()) return false;
    ejection.active = true;
    ejection.since = now;
    ejection.count++;
    this.nextTick ??= now + this.config.intervalMs;
    return true;
  }

  /** At least one host may always be ejected. */
  private mayEjectMore(): boolean {
    let all = 0;
    let ejected = 0;
    for (const { ejection } of this.hosts()) {
      all++;
      if (ejection.active) ejected++;
    }
    return ejected === 0 || (100 * (ejected + 1)) / all <= Math.min(100, this.config.maxEjectionPercent);
  }

  private ejectionMs(count: number): number {
    const { baseEjectionTimeMs, maxEjectionTimeMs } = this.config;
    return Math.min(baseEjectionTimeMs * count, Math.max(baseEjectionTimeMs, maxEjectionTimeMs));
  }
}

function reached(count: number, limit: number): boolean {
  return limit > 0 && count >= limit;
}
