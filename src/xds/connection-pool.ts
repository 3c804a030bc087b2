/** Connection settings of a cluster: time-outs, keep-alive and the HTTP version. */

import type { ConnectionPoolSettings } from '../model';
import type { Findings } from './decoded';
import { unpack } from './extension';
import { pb } from './pb';
import { EXTENSION_TYPE } from './type-urls';
import { reportUnsupported } from './unsupported-fields';
import { durationMs, positiveDurationMs, wrapped } from './values';

type PbCluster = pb.envoy.config.cluster.v3.Cluster;
export type HttpOptions = pb.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;

const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;

/** `options`: the cluster's own, see `httpProtocolOptions`. */
export function connectionPool(
  findings: Findings,
  message: PbCluster,
  options: HttpOptions | undefined,
): ConnectionPoolSettings {
  const common = options?.commonHttpProtocolOptions ?? message.commonHttpProtocolOptions;
  if (common) reportUnsupported(findings, 'CommonHttpOptions', common, 'common_http_protocol_options.');
  const idle = durationMs(findings, 'common_http_protocol_options.idle_timeout', common?.idleTimeout);
  const http2 = speaksHttp2(findings, message, options);
  if (http2) findings.notApplied('http2', 'http2_protocol_options');
  const keepalive = message.upstreamConnectionOptions?.tcpKeepalive;
  return {
    connectTimeoutMs:
      positiveDurationMs(findings, 'connect_timeout', message.connectTimeout) ?? DEFAULT_CONNECT_TIMEOUT_MS,
    // Zero switches Envoy's idle timer off.
    ...(idle === undefined ? {} : { idleTimeoutMs: idle === 0 ? Number.POSITIVE_INFINITY : idle }),
    maxRequestsPerConnection: wrapped(
      common?.maxRequestsPerConnection ?? message.maxRequestsPerConnection,
      0,
    ),
    ...(keepalive ? { tcpKeepalive: tcpKeepalive(keepalive) } : {}),
    http2,
  };
}

/** The HttpProtocolOptions of a cluster; others are reported. */
export function httpProtocolOptions(findings: Findings, message: PbCluster): HttpOptions | undefined {
  let options: HttpOptions | undefined;
  for (const [name, any] of Object.entries(message.typedExtensionProtocolOptions)) {
    const field = `typed_extension_protocol_options["${name}"]`;
    if (any.type_url === EXTENSION_TYPE.httpProtocolOptions) {
      options = unpack(findings, field, any, pb.envoy.extensions.upstreams.http.v3.HttpProtocolOptions);
      if (options) reportUnsupported(findings, 'HttpProtocolOptions', options, `${field}.`);
    } else findings.ignored(field, 'the options are not applied');
  }
  return options;
}

function speaksHttp2(findings: Findings, message: PbCluster, options: HttpOptions | undefined): boolean {
  if (!options) return message.http2ProtocolOptions != null;
  const explicit = options.explicitHttpConfig;
  if (explicit?.http3ProtocolOptions) {
    findings.ignored('explicit_http_config.http3_protocol_options', 'calls are made by HTTP/1.1');
  }
  return explicit?.http2ProtocolOptions != null;
}

/** Envoy counts in seconds. */
function tcpKeepalive(
  message: pb.envoy.config.core.v3.TcpKeepalive.$Properties,
): NonNullable<ConnectionPoolSettings['tcpKeepalive']> {
  return {
    ...(message.keepaliveTime ? { timeMs: wrapped(message.keepaliveTime, 0) * 1000 } : {}),
    ...(message.keepaliveInterval ? { intervalMs: wrapped(message.keepaliveInterval, 0) * 1000 } : {}),
    ...(message.keepaliveProbes ? { probes: wrapped(message.keepaliveProbes, 0) } : {}),
  };
}
