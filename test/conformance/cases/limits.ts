/** envoy.md §7: outlier detection, circuit breakers, connection pools. */

import type { CaseGroup } from '../bed';
import { rule, service, virtualService } from './base';

const NO_RETRIES = virtualService('- retries: {attempts: 0}\n  route: [{destination: {host: $host}}]');
const B1_FAILS = (status: number) => ({ steps: { b1: [{ status }] } });

function detecting(spec: string, endpoints: readonly string[] = ['b1', 'b2']): string {
  return (
    service(endpoints) +
    rule(`trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}, outlierDetection: ${spec}}`) +
    NO_RETRIES
  );
}

export const OUTLIERS: CaseGroup = {
  title: 'outlier detection',
  cases: [
    {
      title: 'consecutive5xxErrors: out after the n-th failure, the n-th answer passes',
      yaml: detecting(
        '{consecutive5xxErrors: 2, interval: 5m, baseEjectionTime: 5m, maxEjectionPercent: 100}',
      ),
      requests: [{ ...B1_FAILS(500), times: 4 }, { pauseMs: 100 }, { times: 8 }],
      backends: 'count',
      together: false,
      tolerate: TURN(),
    },
    {
      title: 'a success in between resets the count',
      yaml: detecting(
        '{consecutive5xxErrors: 2, interval: 5m, baseEjectionTime: 5m, maxEjectionPercent: 100}',
        ['b1'],
      ),
      requests: [
        B1_FAILS(500),
        {},
        B1_FAILS(500),
        { pauseMs: 100 },
        {},
        B1_FAILS(502),
        B1_FAILS(503),
        { pauseMs: 100 },
      ],
      expect: ['500 b1', 'b1', '500 b1', 'b1', 'b1', '502 b1', '503 b1', '503'],
    },
    {
      title: 'consecutiveGatewayErrors counts 502 to 504, not 500',
      yaml: detecting(
        '{consecutive5xxErrors: 0, consecutiveGatewayErrors: 2, interval: 5m, baseEjectionTime: 5m, maxEjectionPercent: 100}',
        ['b1'],
      ),
      requests: [{ ...B1_FAILS(500), times: 4 }, B1_FAILS(502), B1_FAILS(504), { pauseMs: 100 }],
      expect: ['500 b1', '500 b1', '500 b1', '500 b1', '502 b1', '504 b1', '503'],
    },
    {
      title: 'consecutive5xxErrors: 0 is off',
      yaml: detecting(
        '{consecutive5xxErrors: 0, interval: 5m, baseEjectionTime: 5m, maxEjectionPercent: 100}',
        ['b1'],
      ),
      requests: [{ ...B1_FAILS(500), times: 8 }, { pauseMs: 100 }],
      expect: [...Array.from({ length: 8 }, () => '500 b1'), 'b1'],
    },
    {
      title: 'the default is five failures',
      yaml: detecting('{baseEjectionTime: 5m, interval: 5m, maxEjectionPercent: 100}', ['b1']),
      requests: [{ ...B1_FAILS(500), times: 5 }, { pauseMs: 100 }],
      expect: [...Array.from({ length: 5 }, () => '500 b1'), '503'],
    },
    {
      title: 'resets and time-outs count',
      yaml:
        service(['b1']) +
        rule(
          `trafficPolicy: {outlierDetection: {consecutive5xxErrors: 3, interval: 5m, baseEjectionTime: 5m, maxEjectionPercent: 100}}`,
        ) +
        virtualService('- timeout: 0.1s\n  retries: {attempts: 0}\n  route: [{destination: {host: $host}}]'),
      requests: [
        { steps: [{ act: 'reset' }] },
        { steps: [{ act: 'hang' }] },
        { steps: [{ act: 'close' }] },
        { pauseMs: 100 },
      ],
      expect: ['503', '504', '503', '503'],
    },
    {
      title: 'refused connections count',
      yaml: detecting(
        '{consecutive5xxErrors: 2, interval: 5m, baseEjectionTime: 5m, maxEjectionPercent: 100}',
        ['- {address: 127.0.0.1, ports: {http: $refused}}'],
      ),
      requests: [{}, {}, { pauseMs: 100 }],
      expect: '503',
    },
    {
      title: 'failures that a retry hides count',
      yaml:
        service(['b1']) +
        rule(
          'trafficPolicy: {outlierDetection: {consecutive5xxErrors: 2, interval: 5m, baseEjectionTime: 5m, maxEjectionPercent: 100}}',
        ) +
        virtualService(
          '- retries: {attempts: 1, retryOn: 5xx, backoff: 150ms, retryIgnorePreviousHosts: false}\n  route: [{destination: {host: $host}}]',
        ),
      requests: [{ steps: [{ status: 500 }, { status: 500 }] }, { pauseMs: 100 }],
      expect: ['500 b1', '503'],
    },
    {
      title: 'ejection is of the subset',
      yaml:
        service(['b1']) +
        rule(`trafficPolicy: {outlierDetection: {consecutive5xxErrors: 1, interval: 5m, baseEjectionTime: 5m, maxEjectionPercent: 100}}
subsets: [{name: one, labels: {version: v1}}, {name: two, labels: {version: v1}}]`) +
        virtualService(
          '- {match: [{uri: {prefix: /one}}], route: [{destination: {host: $host, subset: one}}]}\n- route: [{destination: {host: $host, subset: two}}]',
        ),
      requests: [{ path: '/one', ...B1_FAILS(500) }, { path: '/one', pauseMs: 100 }, { path: '/two' }],
      expect: ['500 b1', '503', 'b1'],
    },
    {
      title: 'back after baseEjectionTime',
      yaml: detecting(
        '{consecutive5xxErrors: 1, interval: 0.2s, baseEjectionTime: 0.5s, maxEjectionPercent: 100}',
        ['b1'],
      ),
      requests: [B1_FAILS(500), { pauseMs: 100 }, { pauseMs: 2200 }],
      expect: ['500 b1', '503', 'b1'],
    },
    {
      title: 'maxEjectionPercent 50 of two: one stays',
      yaml: detecting(
        '{consecutive5xxErrors: 1, interval: 5m, baseEjectionTime: 5m, maxEjectionPercent: 50}',
      ),
      requests: [
        { steps: [{ status: 500 }], times: 2 },
        { pauseMs: 1200, steps: [{ status: 500 }] },
        { pauseMs: 1200 },
      ],
      backends: 'any',
    },
    {
      title: 'maxEjectionPercent 10 of one: it stays',
      yaml: detecting(
        '{consecutive5xxErrors: 1, interval: 5m, baseEjectionTime: 5m, maxEjectionPercent: 10}',
        ['b1'],
      ),
      requests: [B1_FAILS(500), { pauseMs: 100 }],
      expect: ['500 b1', 'b1'],
    },
    {
      title: 'minHealthPercent: too few healthy hosts, all are used',
      yaml: detecting(
        '{consecutive5xxErrors: 1, interval: 5m, baseEjectionTime: 5m, maxEjectionPercent: 100, minHealthPercent: 60}',
        ['b1'],
      ),
      requests: [B1_FAILS(500), { pauseMs: 100 }],
      expect: ['500 b1', 'b1'],
    },
    {
      title: 'splitExternalLocalOriginErrors: refused connections are counted apart',
      yaml: detecting(
        '{splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 2, consecutive5xxErrors: 1, interval: 5m, baseEjectionTime: 5m, maxEjectionPercent: 100}',
        ['- {address: 127.0.0.1, ports: {http: $refused}}'],
      ),
      requests: [{}, {}, { pauseMs: 100 }],
      expect: '503',
    },
  ],
};

function pooled(spec: string): string {
  return service(['b1']) + rule(`trafficPolicy: {connectionPool: ${spec}}`) + NO_RETRIES;
}
/** Longer than a busy machine takes to send all requests of a case: the first must not be over when the last begins. */
const SLOW = { steps: [{ delay: 1_200 }] };

export const LIMITS: CaseGroup = {
  title: 'circuit breakers and connection pools',
  cases: [
    {
      title: 'maxConnections 1, http1MaxPendingRequests 1: the rest overflows',
      yaml: pooled('{tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}'),
      requests: [{}, { ...SLOW, pauseMs: 1_500, times: 6 }],
      together: true,
    },
    {
      title: 'http2MaxRequests bounds HTTP/1.1 too',
      yaml: pooled('{http: {http2MaxRequests: 2}}'),
      requests: [{ ...SLOW, times: 6 }],
      together: true,
    },
    {
      title: 'maxConnections alone queues without limit',
      yaml: pooled('{tcp: {maxConnections: 1}}'),
      requests: [{ steps: [{ delay: 50 }], times: 4 }],
      together: true,
      expect: 'b1',
      connections: true,
    },
    {
      title: 'maxRetries is about parallel retries',
      yaml:
        service(['b1']) +
        rule('trafficPolicy: {connectionPool: {http: {maxRetries: 1}}}') +
        virtualService(
          '- retries: {attempts: 1, retryOn: 5xx, backoff: 100ms}\n  route: [{destination: {host: $host}}]',
        ),
      requests: [{ steps: [{ status: 503, delay: 500 }, { delay: 1_200 }], times: 5 }],
      together: true,
    },
    {
      title: 'connections are reused',
      yaml: service(['b1']),
      requests: [{ times: 10 }],
      connections: true,
      expect: 'b1',
    },
    {
      title: 'maxRequestsPerConnection 1: a new connection per request',
      yaml: pooled('{http: {maxRequestsPerConnection: 1}}'),
      requests: [{ times: 4 }],
      connections: true,
      expect: 'b1',
    },
    {
      title: 'maxRequestsPerConnection 3',
      yaml: pooled('{http: {maxRequestsPerConnection: 3}}'),
      requests: [{ times: 7 }],
      connections: true,
      expect: 'b1',
    },
    {
      title: 'idleTimeout closes idle connections',
      yaml: pooled('{http: {idleTimeout: 0.3s}}'),
      requests: [{ times: 2 }, { pauseMs: 800 }],
      connections: true,
      expect: 'b1',
    },
    {
      title: 'portLevelSettings bound only their port',
      yaml:
        service(['b1']) +
        rule(
          'trafficPolicy: {portLevelSettings: [{port: {number: 8080}, connectionPool: {http: {maxRequestsPerConnection: 1}}}]}',
        ) +
        NO_RETRIES,
      requests: [{ times: 3 }, { times: 3, port: 8080 }],
      connections: true,
      expect: 'b1',
    },
    {
      title: 'tcpKeepalive and maxConnectionDuration do not disturb',
      yaml: pooled(
        '{tcp: {tcpKeepalive: {time: 7200s, interval: 75s, probes: 3}, maxConnectionDuration: 1h, idleTimeout: 1h}}',
      ),
      requests: [{ times: 3 }],
      connections: true,
      expect: 'b1',
    },
  ],
};

function TURN() {
  return Object.fromEntries(
    ['status', 'reason', 'body', 'response header content-length', 'attempts that reached a backend'].map(
      (part) => [part, 'which call is whose turn depends on the first pick'],
    ),
  );
}
