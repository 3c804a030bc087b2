/** Whether an attempt's end is a reason for another one: Envoy's router retry policy, compiled. */

import type { HeaderMatch, RateLimitedBackOff, RetryOn, RetryPolicy } from '../model';
import { backOffMs } from './back-off';

type HeaderLookup = (name: string) => string | readonly string[] | undefined;

/** Compiled by the caller from `retriable_headers`. */
export interface ResponseHeaderTest {
  readonly name: string;
  matches(lines: string | readonly string[] | undefined): boolean;
}

/** How an attempt ended without a response. */
export type AttemptReset =
  | 'remote-connection-failure'
  | 'connection-timeout'
  | 'connection-termination'
  | 'overflow'
  | 'per-try-timeout';

const SECOND_MS = 1000;

export class RetryRules {
  readonly numRetries: number;
  /** Milliseconds; 0 = none. */
  readonly perTryTimeoutMs: number;
  readonly avoidPreviousHosts: boolean;
  readonly reselections: number;
  private readonly on: ReadonlySet<RetryOn>;
  private readonly statusCodes: ReadonlySet<number>;
  private readonly headers: readonly ResponseHeaderTest[];

  constructor(
    private readonly policy: RetryPolicy,
    compileHeader: (match: HeaderMatch) => ResponseHeaderTest,
  ) {
    this.on = new Set(policy.on);
    this.numRetries = policy.on.length > 0 && policy.numRetries > 0 ? policy.numRetries : 0;
    this.perTryTimeoutMs = Math.max(policy.perTryTimeoutMs, 0);
    this.avoidPreviousHosts = policy.avoidPreviousHosts;
    this.reselections = Math.max(policy.hostSelectionMaxAttempts, 0);
    this.statusCodes = new Set(policy.retriableStatusCodes);
    this.headers = policy.retriableHeaders.map(compileHeader);
  }

  /** `requestStarted`: bytes of the request went to the upstream. */
  coversReset(reset: AttemptReset, requestStarted: boolean): boolean {
    const { on } = this;
    if (reset === 'overflow') return false;
    if (on.has('reset') || on.has('5xx') || on.has('gateway-error')) return true;
    if (on.has('reset-before-request') && !requestStarted) return true;
    return (
      on.has('connect-failure') && (reset === 'remote-connection-failure' || reset === 'connection-timeout')
    );
  }

  coversResponse(status: number, header: HeaderLookup): boolean {
    const { on } = this;
    if (on.size === 0) return false;
    const wanted =
      (status >= 500 && status <= 599 && on.has('5xx')) ||
      (status >= 502 && status <= 504 && on.has('gateway-error')) ||
      (status === 409 && on.has('retriable-4xx')) ||
      (on.has('retriable-status-codes') && this.statusCodes.has(status)) ||
      (on.has('retriable-headers') && this.headers.some((test) => test.matches(header(test.name))));
    if (!wanted && !on.has('envoy-ratelimited')) return false;
    return header('x-envoy-ratelimited') === undefined ? wanted : on.has('envoy-ratelimited');
  }

  /**
   * Milliseconds to wait before retry `k` (from 1). After a response, its rate limit reset header counts if the
   * policy names it. `wallClockMs` is the time of day.
   */
  backOffMs(k: number, random: () => number, header?: HeaderLookup, wallClockMs = 0): number {
    const { backOff, rateLimitedBackOff } = this.policy;
    if (header !== undefined && rateLimitedBackOff !== undefined) {
      const ms = rateLimitedMs(rateLimitedBackOff, header, wallClockMs);
      if (ms !== undefined) return Math.floor(ms * (1 + random() / 2));
    }
    return backOffMs(k, backOff.baseMs, backOff.maxMs, random);
  }
}

/** The first reset header that can be read and is not beyond the limit. */
function rateLimitedMs(
  rule: RateLimitedBackOff,
  header: HeaderLookup,
  wallClockMs: number,
): number | undefined {
  for (const { name, format } of rule.resetHeaders) {
    const lines = header(name.toLowerCase());
    const text = typeof lines === 'string' ? lines : lines?.[0];
    if (text === undefined || !/^\d+$/.test(text)) continue;
    const ms = Number(text) * SECOND_MS - (format === 'unix-timestamp' ? wallClockMs : 0);
    if (ms >= 0 && ms <= rule.maxMs) return ms;
  }
  return undefined;
}
