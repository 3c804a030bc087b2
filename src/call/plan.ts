/** What a call needs of a forward action, made once per view. */

import type { ForwardAction, RetryPolicy, Route, VirtualHost } from '../model';
import { effectivePerTryMs, RetryRules } from '../resilience';
import {
  type CompiledForward,
  type CompiledVirtualHost,
  compileHeaderMatch,
  compileVirtualHost,
  type HeaderEdit,
  RegexPool,
} from '../routing';
import { ownEdit } from './request-headers';

/** Bytes of a request body that are kept for a replay unless the route says otherwise: Envoy's buffer limit. */
const DEFAULT_REPLAY_LIMIT = 1024 * 1024;

export interface ForwardPlan {
  readonly retry: RetryRules | undefined;
  /** Whole call, milliseconds; 0 = none. */
  readonly timeoutMs: number;
  readonly perTryTimeoutMs: number;
  readonly replayLimitBytes: number;
  readonly decorator: HeaderEdit | undefined;
  /** Say `x-envoy-attempt-count`. */
  readonly countAttempts: boolean;
}

export type View = CompiledVirtualHost<ForwardPlan>;
export type Forward = CompiledForward<ForwardPlan>;

/** Never throws for a bad route (it is left out and told to `onBadRoute`); throws for what is no virtual host at all. */
export function compileView(
  virtualHost: VirtualHost,
  onBadRoute: (route: string, reason: string) => void,
): View {
  const countAttempts = virtualHost.includeRequestAttemptCount;
  return compileVirtualHost(
    virtualHost,
    (action, route) => planForward(action, route, countAttempts),
    onBadRoute,
  );
}

function planForward(action: ForwardAction, route: Route, countAttempts: boolean): ForwardPlan {
  const retry = action.retry === undefined ? undefined : compileRetry(action.retry);
  const timeoutMs = Math.max(action.timeoutMs, 0);
  const retries = retry !== undefined && retry.numRetries > 0;
  return {
    retry,
    timeoutMs,
    perTryTimeoutMs: effectivePerTryMs(retry?.perTryTimeoutMs ?? 0, timeoutMs),
    replayLimitBytes:
      retries || action.mirrors.length > 0 ? (route.perRequestBufferLimitBytes ?? DEFAULT_REPLAY_LIMIT) : 0,
    decorator: route.decoratorOperation
      ? ownEdit('x-envoy-decorator-operation', route.decoratorOperation.replace(/[\r\n]/g, ''))
      : undefined,
    countAttempts,
  };
}

function compileRetry(policy: RetryPolicy): RetryRules {
  if (policy.retriableHeaders.length === 0) return new RetryRules(policy, noHeaderTest);
  const regexes = new RegexPool();
  const rules = new RetryRules(policy, (match) => compileHeaderMatch(match, regexes));
  regexes.seal();
  return rules;
}

function noHeaderTest(): never {
  throw new TypeError('the policy has no retriable headers');
}

/**
 * The plan for TLS that the application began: only the connection can be made again. Istio's default retry policy
 * without its conditions on answers, which nobody but the application can read.
 */
export const TLS_PLAN: ForwardPlan = {
  retry: compileRetry({
    on: ['connect-failure'],
    retriableStatusCodes: [],
    retriableHeaders: [],
    numRetries: 2,
    perTryTimeoutMs: 0,
    avoidPreviousHosts: true,
    hostSelectionMaxAttempts: 5,
    backOff: { baseMs: 25, maxMs: 250 },
  }),
  timeoutMs: 0,
  perTryTimeoutMs: 0,
  replayLimitBytes: DEFAULT_REPLAY_LIMIT,
  decorator: undefined,
  countAttempts: false,
};
