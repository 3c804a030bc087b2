/** Policies of clusters and routes in words, one line each. */

import type { Outcome } from '../../call/explain';
import type {
  Cluster,
  FaultPolicy,
  Fraction,
  LoadBalancingPolicy,
  OutlierDetection,
  RetryPolicy,
} from '../../model';
import { duration, limit } from '../text';

type Forward = Extract<Outcome, { kind: 'forward' }>;

/** `name: value` pairs. */
export type Lines = (readonly [name: string, value: string])[];

export function routePolicies({
  timeoutMs,
  perTryTimeoutMs,
  retry,
  replayLimitBytes,
  action,
}: Forward): Lines {
  const lines: Lines = [
    ['timeout', duration(timeoutMs)],
    ['retries', retry === undefined ? 'none' : retries(retry, perTryTimeoutMs)],
  ];
  if (replayLimitBytes > 0) lines.push(['replay', `request bodies up to ${replayLimitBytes} bytes`]);
  for (const policy of action.hashPolicies) {
    const by = 'name' in policy ? `${policy.kind} ${policy.name}` : policy.kind;
    lines.push(['hash', `by ${by}${policy.terminal ? ', terminal' : ''}`]);
  }
  for (const { cluster, fraction } of action.mirrors) {
    lines.push(['mirror', `${fraction === undefined ? 'all' : percent(fraction)} to ${cluster}`]);
  }
  return lines;
}

export function faultLines(fault: FaultPolicy | undefined): Lines {
  const lines: Lines = [];
  const { delay, abort } = fault ?? {};
  if (delay) lines.push(['fault', `delay of ${duration(delay.ms)} for ${percent(delay.fraction)}`]);
  if (abort) lines.push(['fault', `abort with ${abort.status} for ${percent(abort.fraction)}`]);
  return lines;
}

function percent({ numerator, denominator }: Fraction): string {
  return `${(100 * numerator) / denominator} %`;
}

function retries(policy: RetryPolicy, perTryMs: number): string {
  const { numRetries, on, retriableStatusCodes, backOff, avoidPreviousHosts } = policy;
  const parts = [`${numRetries} more on ${on.join(', ') || 'nothing'}`];
  if (retriableStatusCodes.length > 0) parts.push(`status ${retriableStatusCodes.join(', ')}`);
  if (perTryMs > 0) parts.push(`each try ${duration(perTryMs)}`);
  parts.push(`back-off ${duration(backOff.baseMs)} to ${duration(backOff.maxMs)}`);
  if (avoidPreviousHosts) parts.push('other endpoints first');
  return parts.join('; ');
}

export function clusterPolicies(cluster: Cluster): Lines {
  const { circuitBreakers: breakers, outlierDetection, pool } = cluster;
  const lines: Lines = [
    [
      'balancing',
      balancing(cluster.loadBalancing) + (cluster.localityWeighted ? ', localities by weight' : ''),
    ],
    ['discovery', discovery(cluster)],
    ['TLS', tls(cluster.tls)],
    ['connect', `timeout ${duration(pool.connectTimeoutMs)}${poolText(pool)}`],
    [
      'circuit',
      `connections ${limit(breakers.maxConnections)}, pending ${limit(breakers.maxPendingRequests)}, requests ${limit(breakers.maxRequests)}, retries ${limit(breakers.maxRetries)}`,
    ],
    ['outlier', outlierDetection === undefined ? 'none' : outliers(outlierDetection)],
  ];
  return lines;
}

function balancing(policy: LoadBalancingPolicy): string {
  switch (policy.kind) {
    case 'LEAST_REQUEST':
      return `LEAST_REQUEST of ${policy.choiceCount}${slowStart(policy)}`;
    case 'ROUND_ROBIN':
      return `ROUND_ROBIN${slowStart(policy)}`;
    case 'RING_HASH':
      return `RING_HASH, ring of ${policy.minimumRingSize} to ${policy.maximumRingSize}`;
    case 'MAGLEV':
      return `MAGLEV, table of ${policy.tableSize}`;
    case 'RANDOM':
      return 'RANDOM';
    case 'CLUSTER_PROVIDED':
      return 'none: calls go where the application dials';
  }
}

function slowStart({
  slowStart: rule,
}: Extract<LoadBalancingPolicy, { kind: 'ROUND_ROBIN' | 'LEAST_REQUEST' }>) {
  return rule === undefined ? '' : `, slow start of ${duration(rule.windowMs)}`;
}

function discovery({ discovery: kind, dns }: Cluster): string {
  if (dns === undefined || !kind.endsWith('_DNS')) return kind;
  return `${kind}, again after ${dns.respectTtl ? 'the TTL' : duration(dns.refreshMs)}`;
}

function poolText({ idleTimeoutMs, maxRequestsPerConnection, http2 }: Cluster['pool']): string {
  const idle = idleTimeoutMs === undefined ? '' : `, idle ${duration(idleTimeoutMs)}`;
  const most = maxRequestsPerConnection > 0 ? `, ${maxRequestsPerConnection} requests each` : '';
  return `${idle}${most}${http2 ? ', HTTP/2 only' : ''}`;
}

function tls(policy: Cluster['tls']): string {
  switch (policy.kind) {
    case 'none':
      return 'none';
    case 'auto':
      return 'automatic mTLS, by endpoint';
    case 'istio-mutual':
      return 'ISTIO_MUTUAL';
    case 'tls': {
      const mode = policy.certFile === undefined ? 'SIMPLE' : `MUTUAL, certificate ${policy.certFile}`;
      const root = policy.caFile === undefined ? '' : `, root ${policy.caFile}`;
      const name = policy.sni === undefined ? '' : `, SNI ${policy.sni}`;
      const names = policy.subjectAltNames.length === 0 ? '' : `, SAN ${policy.subjectAltNames.join(' or ')}`;
      return `${mode}${root}${name}${names}${policy.insecureSkipVerify ? ', NOT VERIFIED' : ''}`;
    }
  }
}

function outliers(rule: OutlierDetection): string {
  const causes: string[] = [];
  if (rule.enforcingConsecutive5xx > 0) causes.push(`${rule.consecutive5xx} 5xx in a row`);
  if (rule.enforcingConsecutiveGatewayFailure > 0) {
    causes.push(`${rule.consecutiveGatewayFailure} gateway failures in a row`);
  }
  if (rule.splitExternalLocalOriginErrors && rule.enforcingConsecutiveLocalOriginFailure > 0) {
    causes.push(`${rule.consecutiveLocalOriginFailure} local failures in a row`);
  }
  const out = `out for ${duration(rule.baseEjectionTimeMs)} and longer, at most ${rule.maxEjectionPercent} % of the endpoints`;
  return `${causes.join(' or ') || 'nothing'}: ${out}; looked at every ${duration(rule.intervalMs)}`;
}
