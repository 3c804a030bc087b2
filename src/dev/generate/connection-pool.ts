/** Connection pool settings, circuit breakers and the protocol to the endpoints. */

import { EXTENSION_TYPE } from '../../xds';
import type { ConnectionPool, TrafficPolicy } from '../api';
import type { ServicePort } from '../mesh';
import { isHttp2 } from '../mesh/protocol';
import {
  type AnyPb,
  any,
  type ClusterPb,
  duration,
  type HttpOptionsPb,
  optionalDuration,
  optionalWrap,
  pb,
  wrap,
} from './pb';

/** istiod's; Envoy's own default is 5 s. */
const CONNECT_TIMEOUT_MS = 10_000;
const NO_LIMIT = 4294967295;
const EMPTY = new Uint8Array(0);

export function applyConnectionPool(
  cluster: ClusterPb,
  http: HttpOptionsPb,
  policy: TrafficPolicy | undefined,
  port: ServicePort,
): void {
  const pool: ConnectionPool = policy?.connectionPool ?? {};
  applyProtocol(http, pool, port);
  cluster.connectTimeout = duration(pool.tcp?.connectTimeout ?? CONNECT_TIMEOUT_MS);
  cluster.circuitBreakers = {
    thresholds: [
      {
        maxConnections: limit(pool.tcp?.maxConnections),
        maxPendingRequests: limit(pool.http?.http1MaxPendingRequests),
        maxRequests: limit(pool.http?.http2MaxRequests),
        maxRetries: limit(pool.http?.maxRetries),
        trackRemaining: true,
        retryBudget: policy?.retryBudget && {
          budgetPercent: { value: policy.retryBudget.percent ?? 20 },
          minRetryConcurrency: wrap(policy.retryBudget.minRetryConcurrency || 3),
          budgetInterval: optionalDuration(policy.retryBudget.budgetInterval),
        },
      },
    ],
  };
  const keepalive = pool.tcp?.tcpKeepalive;
  if (keepalive) {
    cluster.upstreamConnectionOptions = {
      tcpKeepalive: {
        keepaliveProbes: keepalive.probes ? wrap(keepalive.probes) : undefined,
        keepaliveTime: seconds(keepalive.time),
        keepaliveInterval: seconds(keepalive.interval),
      },
    };
  }
  applyCommonOptions(http, pool);
}

function applyProtocol(http: HttpOptionsPb, pool: ConnectionPool, port: ServicePort): void {
  if (isHttp2(port.protocol)) http.explicitHttpConfig = { http2ProtocolOptions: EMPTY };
  else if (port.protocol === 'UNSUPPORTED') http.useDownstreamProtocolConfig = USE_DOWNSTREAM;
  const { useClientProtocol, h2UpgradePolicy } = pool.http ?? {};
  const open = !http.explicitHttpConfig && !http.useDownstreamProtocolConfig;
  if (!useClientProtocol && h2UpgradePolicy === 'UPGRADE' && open) {
    http.explicitHttpConfig = { http2ProtocolOptions: EMPTY };
  }
  if (useClientProtocol) {
    http.explicitHttpConfig = undefined;
    http.useDownstreamProtocolConfig = USE_DOWNSTREAM;
  }
}

/** UseDownstreamHttpConfig { http_protocol_options {}, http2_protocol_options {} }. */
const USE_DOWNSTREAM = new Uint8Array([0x0a, 0x00, 0x12, 0x00]);

function applyCommonOptions(http: HttpOptionsPb, pool: ConnectionPool): void {
  const idle = pool.http?.idleTimeout ?? pool.tcp?.idleTimeout;
  const perConnection = pool.http?.maxRequestsPerConnection;
  const lifetime = pool.tcp?.maxConnectionDuration;
  if (idle === undefined && !perConnection && lifetime === undefined) return;
  http.commonHttpProtocolOptions = {
    idleTimeout: optionalDuration(idle),
    maxRequestsPerConnection: optionalWrap(perConnection || undefined),
    maxConnectionDuration: optionalDuration(lifetime),
  };
}

/** Under the extension's name, if there is anything to say. */
export function httpOptions(http: HttpOptionsPb): { [name: string]: AnyPb } {
  if (Object.values(http).every((each) => each === undefined)) return {};
  const { HttpProtocolOptions } = pb.envoy.extensions.upstreams.http.v3;
  return {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any(
      EXTENSION_TYPE.httpProtocolOptions,
      HttpProtocolOptions,
      http,
    ),
  };
}

/** The PassthroughCluster's: whatever the client speaks, idle for five minutes. */
export const PASSTHROUGH_HTTP: HttpOptionsPb = {
  commonHttpProtocolOptions: { idleTimeout: duration(300_000) },
  useDownstreamProtocolConfig: USE_DOWNSTREAM,
};

export function connectTimeout(): ClusterPb['connectTimeout'] {
  return duration(CONNECT_TIMEOUT_MS);
}

/** 0 and absent mean no limit to istiod. */
function limit(value: number | undefined): { value: number } {
  return wrap(value !== undefined && value > 0 ? value : NO_LIMIT);
}

function seconds(ms: number | undefined): { value: number } | undefined {
  return ms === undefined ? undefined : wrap(Math.floor(ms / 1000));
}
