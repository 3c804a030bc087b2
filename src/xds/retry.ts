/** RetryPolicy to the model. Defaults are Envoy's. */

import type { RateLimitedBackOff, RetryBackOff, RetryOn, RetryPolicy } from '../model';
import type { Findings } from './decoded';
import { headerMatches } from './match';
import type { pb } from './pb';
import { EXTENSION_TYPE } from './type-urls';
import { reportUnsupported } from './unsupported-fields';
import { durationMs, integer, positiveDurationMs, wrapped } from './values';

type PbRetryPolicy = pb.envoy.config.route.v3.RetryPolicy.$Properties;

const CONDITIONS: ReadonlySet<string> = new Set<RetryOn>([
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'refused-stream',
  'retriable-4xx',
  'retriable-status-codes',
  'retriable-headers',
  'envoy-ratelimited',
]);

/** Conditions on gRPC's status, and on HTTP/3: they never hold for HTTP/1.1. */
const NOT_FOR_HTTP1: ReadonlySet<string> = new Set([
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
  'http3-post-connect-failure',
]);

const DEFAULT_BASE_MS = 25;
const DEFAULT_RATE_LIMITED_MAX_MS = 300_000;
const PREVIOUS_HOSTS = 'envoy.retry_host_predicates.previous_hosts';

/** undefined when no condition is left that could hold. */
export function retryPolicy(
  findings: Findings,
  message: PbRetryPolicy,
  path: string,
): RetryPolicy | undefined {
  reportUnsupported(findings, 'RetryPolicy', message, path);
  const on = retryOn(findings, message, path);
  const perTryTimeoutMs = durationMs(findings, `${path}per_try_timeout`, message.perTryTimeout) ?? 0;
  const backOff = retryBackOff(findings, message, path);
  const rateLimitedBackOff = rateLimited(findings, message, path);
  const avoidPreviousHosts = previousHosts(findings, message, path);
  const retriableHeaders = headerMatches(findings, message.retriableHeaders, `${path}retriable_headers`);
  const attempts = integer(message.hostSelectionRetryMaxAttempts);
  if (attempts < 0) findings.invalid(`${path}host_selection_retry_max_attempts`, 'is negative');
  if (on.length === 0) return undefined;
  return {
    on,
    retriableStatusCodes: message.retriableStatusCodes ?? [],
    retriableHeaders,
    numRetries: wrapped(message.numRetries, 1),
    perTryTimeoutMs,
    avoidPreviousHosts,
    hostSelectionMaxAttempts: attempts || 1,
    backOff,
    ...(rateLimitedBackOff ? { rateLimitedBackOff } : {}),
  };
}

function retryOn(findings: Findings, message: PbRetryPolicy, path: string): RetryOn[] {
  const on: RetryOn[] = [];
  for (const word of (message.retryOn ?? '').split(',')) {
    const condition = word.trim();
    if (condition === '' || NOT_FOR_HTTP1.has(condition)) continue;
    if (!CONDITIONS.has(condition)) {
      findings.ignored(`${path}retry_on`, `the condition "${condition}" is unknown and never holds`);
    } else if (!isInert(condition, message)) on.push(condition as RetryOn);
  }
  return on;
}

/** istiod's default policy names `retriable-status-codes` without any code. */
function isInert(condition: string, message: PbRetryPolicy): boolean {
  if (condition === 'retriable-status-codes') return !message.retriableStatusCodes?.length;
  return condition === 'retriable-headers' && !message.retriableHeaders?.length;
}

function retryBackOff(findings: Findings, message: PbRetryPolicy, path: string): RetryBackOff {
  const said = message.retryBackOff;
  if (!said) return { baseMs: DEFAULT_BASE_MS, maxMs: DEFAULT_BASE_MS * 10 };
  if (!said.baseInterval) findings.invalid(`${path}retry_back_off.base_interval`, 'is missing');
  const base = positiveDurationMs(findings, `${path}retry_back_off.base_interval`, said.baseInterval);
  // Envoy rounds what is below a millisecond up to one.
  const baseMs = Math.max(base ?? DEFAULT_BASE_MS, 1);
  const max = positiveDurationMs(findings, `${path}retry_back_off.max_interval`, said.maxInterval);
  const maxMs = max === undefined ? baseMs * 10 : Math.max(max, 1);
  if (maxMs < baseMs) findings.invalid(`${path}retry_back_off.max_interval`, 'is less than base_interval');
  return { baseMs, maxMs };
}

function rateLimited(
  findings: Findings,
  message: PbRetryPolicy,
  path: string,
): RateLimitedBackOff | undefined {
  const said = message.rateLimitedRetryBackOff;
  if (!said) return undefined;
  const field = `${path}rate_limited_retry_back_off`;
  if (!said.resetHeaders?.length) findings.invalid(`${field}.reset_headers`, 'is empty');
  return {
    resetHeaders: (said.resetHeaders ?? []).map((header, index) => {
      if (!header.name) findings.invalid(`${field}.reset_headers[${index}].name`, 'is empty');
      if ((header.format ?? 0) > 1) findings.invalid(`${field}.reset_headers[${index}].format`, 'is unknown');
      return {
        name: (header.name ?? '').toLowerCase(),
        format: header.format === 1 ? ('unix-timestamp' as const) : ('seconds' as const),
      };
    }),
    maxMs:
      positiveDurationMs(findings, `${field}.max_interval`, said.maxInterval) ?? DEFAULT_RATE_LIMITED_MAX_MS,
  };
}

function previousHosts(findings: Findings, message: PbRetryPolicy, path: string): boolean {
  let avoid = false;
  (message.retryHostPredicate ?? []).forEach((predicate, index) => {
    const typeUrl = predicate.typedConfig?.type_url;
    if (typeUrl === EXTENSION_TYPE.previousHosts || predicate.name === PREVIOUS_HOSTS) avoid = true;
    else {
      findings.ignored(
        `${path}retry_host_predicate[${index}] (${predicate.name})`,
        'retries do not avoid its hosts',
      );
    }
  });
  return avoid;
}
