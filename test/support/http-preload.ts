/**
 * Preload of the HTTP hook's fixtures: the hook over a static mesh from `INMESH_TEST_MESH` (JSON of `TestMesh`). Errors
 * of the hook go to stderr as `HOOK-ERROR`, its lines as `HOOK-LINE`. Without the variable it does nothing.
 */

import { httpHook } from '../../hooks/http';
import { createMesh } from '../../src/call';
import {
  type ClusterSnapshot,
  type FaultPolicy,
  type HeaderChanges,
  NO_HEADER_CHANGES,
  type RetryPolicy,
  type VirtualHost,
} from '../../src/model';
import type { TestMesh, TestService } from './http-mesh';
import { cluster, endpoint, forward, retryPolicy, route, StaticFeed, virtualHost } from './static-feed';

const text = process.env['INMESH_TEST_MESH'];
if (text !== undefined) install(JSON.parse(text) as TestMesh);

function install(mesh: TestMesh): void {
  const ports: Record<number, VirtualHost[]> = {};
  const tls: Record<string, string> = {};
  const clusters: ClusterSnapshot[] = [];
  for (const service of mesh.services) {
    const name = `outbound|${service.port}||${service.host}`;
    clusters.push(clusterOf(name, service));
    for (const port of service.mirrors ?? [])
      clusters.push(clusterOf(mirrorName(port), { ...service, endpoints: [port] }));
    if (service.tls) tls[`${service.host}:${service.port}`] = name;
    else {
      ports[service.port] ??= [];
      ports[service.port]!.push(virtualHostOf(name, service));
    }
  }
  const feed = new StaticFeed({ ports, clusters, tls }, { manual: mesh.silent });
  feed.start();
  const said = new Set<string>();
  const log = {
    line: (level: string, event: string, message: string, _fields?: unknown, key = '') => {
      if (said.has(`${event} ${key}`)) return;
      said.add(`${event} ${key}`);
      process.stderr.write(`HOOK-LINE ${level} ${event} ${message}\n`);
    },
  };
  let failures = 0;
  httpHook.install({
    mesh: createMesh({ feed, firstUseTimeoutMs: mesh.firstUseTimeoutMs ?? 2_000, envoyHeaders: true, log }),
    log,
    enabled: () => failures < 5,
    failed: (error) => {
      failures++;
      process.stderr.write(`HOOK-ERROR ${(error as Error)?.stack ?? error}\n`);
    },
  });
}

function clusterOf(name: string, service: TestService): ClusterSnapshot {
  const endpoints = service.endpoints.map((port) => endpoint('127.0.0.1', port));
  const unlimited = Number.POSITIVE_INFINITY;
  return cluster(name, endpoints, {
    circuitBreakers: {
      maxConnections: unlimited,
      maxPendingRequests: unlimited,
      maxRequests: unlimited,
      maxRetries: unlimited,
      ...service.limits,
    },
    pool: {
      connectTimeoutMs: service.connectTimeoutMs ?? 10_000,
      maxRequestsPerConnection: service.maxRequestsPerConnection ?? 0,
      http2: false,
    },
    ...(service.upstreamTls === undefined ? {} : { tls: { kind: 'tls', ...service.upstreamTls } }),
  });
}

function virtualHostOf(name: string, service: TestService): VirtualHost {
  const retry: RetryPolicy | undefined =
    service.retryOn === undefined
      ? undefined
      : retryPolicy({
          on: service.retryOn as RetryPolicy['on'],
          numRetries: service.retries ?? 2,
          perTryTimeoutMs: service.perTryTimeoutMs ?? 0,
          backOff: { baseMs: service.backOffMs ?? 1, maxMs: service.backOffMs ?? 2 },
        });
  const mirrors = (service.mirrors ?? []).map((port) => ({ cluster: mirrorName(port), shadowSuffix: false }));
  const action = forward(name, { timeoutMs: service.timeoutMs ?? 0, retry, mirrors });
  const changes = {
    ...(service.setHeaders === undefined ? {} : { headers: setHeaders(service.setHeaders) }),
    ...(service.fault === undefined ? {} : { fault: faultOf(service.fault) }),
  };
  return virtualHost(
    [service.host],
    service.prefix === undefined ? [route(action, '/', changes)] : [route(action, service.prefix, changes)],
  );
}

function mirrorName(port: number): string {
  return `outbound|80||mirror-${port}.test`;
}

function faultOf({ delayMs, abort }: NonNullable<TestService['fault']>): FaultPolicy {
  const fraction = { numerator: 100, denominator: 100 };
  return {
    ...(delayMs === undefined ? {} : { delay: { ms: delayMs, fraction } }),
    ...(abort === undefined ? {} : { abort: { status: abort, fraction } }),
  };
}

function setHeaders(lines: Readonly<Record<string, string>>): HeaderChanges {
  const add = Object.entries(lines).map(([name, value]) => ({
    name,
    value,
    action: 'overwrite-if-exists-or-add' as const,
    keepEmptyValue: false,
  }));
  return { ...NO_HEADER_CHANGES, request: { remove: [], add } };
}
