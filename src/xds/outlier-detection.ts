/** OutlierDetection and circuit breakers to the model. Defaults are Envoy's. */

import type { CircuitBreakers, OutlierDetection } from '../model';
import type { Findings } from './decoded';
import type { pb } from './pb';
import { reportUnsupported } from './unsupported-fields';
import { durationMs, limit, percent, positiveDurationMs, wrapped, wrappedBool } from './values';

type PbOutlier = pb.envoy.config.cluster.v3.OutlierDetection.$Properties;
type PbBreakers = pb.envoy.config.cluster.v3.CircuitBreakers.$Properties;
type Wrapper = { value?: number | null } | null | undefined;

export function outlierDetection(findings: Findings, message: PbOutlier): OutlierDetection {
  const path = 'outlier_detection.';
  reportUnsupported(findings, 'OutlierDetection', message, path);
  const share = (field: string, value: Wrapper, otherwise: number): number => {
    const number = wrapped(value, otherwise);
    if (number > 100) findings.invalid(path + field, `${number} is greater than 100`);
    return number;
  };
  const base = positiveDurationMs(findings, `${path}base_ejection_time`, message.baseEjectionTime) ?? 30_000;
  const max = positiveDurationMs(findings, `${path}max_ejection_time`, message.maxEjectionTime) ?? 300_000;
  return {
    consecutive5xx: wrapped(message.consecutive_5xx, 5),
    enforcingConsecutive5xx: share('enforcing_consecutive_5xx', message.enforcingConsecutive_5xx, 100),
    consecutiveGatewayFailure: wrapped(message.consecutiveGatewayFailure, 5),
    enforcingConsecutiveGatewayFailure: share(
      'enforcing_consecutive_gateway_failure',
      message.enforcingConsecutiveGatewayFailure,
      0,
    ),
    consecutiveLocalOriginFailure: wrapped(message.consecutiveLocalOriginFailure, 5),
    enforcingConsecutiveLocalOriginFailure: share(
      'enforcing_consecutive_local_origin_failure',
      message.enforcingConsecutiveLocalOriginFailure,
      100,
    ),
    splitExternalLocalOriginErrors: message.splitExternalLocalOriginErrors === true,
    intervalMs: positiveDurationMs(findings, `${path}interval`, message.interval) ?? 10_000,
    baseEjectionTimeMs: base,
    maxEjectionTimeMs: Math.max(base, max),
    maxEjectionPercent: share('max_ejection_percent', message.maxEjectionPercent, 10),
    alwaysEjectOneHost: wrappedBool(message.alwaysEjectOneHost, false),
    enforcingSuccessRate: share('enforcing_success_rate', message.enforcingSuccessRate, 100),
    enforcingLocalOriginSuccessRate: share(
      'enforcing_local_origin_success_rate',
      message.enforcingLocalOriginSuccessRate,
      100,
    ),
    successRateMinimumHosts: wrapped(message.successRateMinimumHosts, 5),
    successRateRequestVolume: wrapped(message.successRateRequestVolume, 100),
    successRateStdevFactor: wrapped(message.successRateStdevFactor, 1900),
    failurePercentageThreshold: share('failure_percentage_threshold', message.failurePercentageThreshold, 85),
    enforcingFailurePercentage: share('enforcing_failure_percentage', message.enforcingFailurePercentage, 0),
    enforcingFailurePercentageLocalOrigin: share(
      'enforcing_failure_percentage_local_origin',
      message.enforcingFailurePercentageLocalOrigin,
      0,
    ),
    failurePercentageMinimumHosts: wrapped(message.failurePercentageMinimumHosts, 5),
    failurePercentageRequestVolume: wrapped(message.failurePercentageRequestVolume, 50),
  };
}

const DEFAULT_LIMIT = 1024;
const DEFAULT_RETRIES = 3;
const HIGH_PRIORITY = 1;

/** Thresholds of the DEFAULT priority; those of HIGH bound only routes that ask for it. */
export function circuitBreakers(findings: Findings, message: PbBreakers | null | undefined): CircuitBreakers {
  if (message) reportUnsupported(findings, 'CircuitBreakers', message, 'circuit_breakers.');
  const index = (message?.thresholds ?? []).findIndex((threshold) => threshold.priority !== HIGH_PRIORITY);
  const said = message?.thresholds?.[index];
  const path = `circuit_breakers.thresholds[${index}].`;
  const breakers: CircuitBreakers = {
    maxConnections: limit(said?.maxConnections, DEFAULT_LIMIT),
    maxPendingRequests: limit(said?.maxPendingRequests, DEFAULT_LIMIT),
    maxRequests: limit(said?.maxRequests, DEFAULT_LIMIT),
    maxRetries: limit(said?.maxRetries, DEFAULT_RETRIES),
    ...(said?.retryBudget
      ? { retryBudget: retryBudget(findings, said.retryBudget, `${path}retry_budget.`) }
      : {}),
  };
  reportLimits(findings, said, path);
  return breakers;
}

function reportLimits(
  findings: Findings,
  said: pb.envoy.config.cluster.v3.CircuitBreakers.Thresholds.$Properties | undefined,
  path: string,
): void {
  const limits = {
    max_connections: said?.maxConnections,
    max_pending_requests: said?.maxPendingRequests,
    max_requests: said?.maxRequests,
    max_retries: said?.maxRetries,
  };
  for (const [field, wrapper] of Object.entries(limits)) {
    if (wrapper && Number.isFinite(limit(wrapper, 0))) findings.notApplied('circuitBreakers', path + field);
  }
  if (said?.retryBudget) findings.notApplied('circuitBreakers', `${path}retry_budget`);
}

function retryBudget(
  findings: Findings,
  message: pb.envoy.config.cluster.v3.CircuitBreakers.Thresholds.RetryBudget.$Properties,
  path: string,
): NonNullable<CircuitBreakers['retryBudget']> {
  if (durationMs(findings, `${path}budget_interval`, message.budgetInterval)) {
    findings.ignored(`${path}budget_interval`, 'only the requests that are active now count for the budget');
  }
  return {
    percent: percent(findings, `${path}budget_percent`, message.budgetPercent, 20),
    minRetryConcurrency: wrapped(message.minRetryConcurrency, 3),
  };
}
