/** Configuration of HTTP filters on a route or virtual host: fault and CORS are read, others reported. */

import type { CorsPolicy, FaultPolicy } from '../model';
import type { Findings } from './decoded';
import { stringMatch } from './match';
import { decodeMessage, pb } from './pb';
import { EXTENSION_TYPE } from './type-urls';
import { reportUnsupported } from './unsupported-fields';
import { fraction, positiveDurationMs, runtimeFraction, wrappedBool } from './values';

type Any = pb.google.protobuf.Any.$Properties;
type PbFault = pb.envoy.extensions.filters.http.fault.v3.HTTPFault.$Properties;

export interface FilterConfigs {
  readonly fault?: FaultPolicy;
  readonly cors?: CorsPolicy;
  /** Switched off here, also where an outer level configures it. */
  readonly faultOff?: boolean;
  readonly corsOff?: boolean;
}

const FAULT = 'envoy.filters.http.fault';
const CORS = 'envoy.filters.http.cors';

/** Istio's own filters (telemetry, peer metadata) do nothing to calls. */
const ISTIO_FILTER = /^istio[._]/;

export function filterConfigs(
  findings: Findings,
  configs: { [name: string]: Any } | null | undefined,
  path: string,
): FilterConfigs {
  let result: FilterConfigs = {};
  for (const [name, config] of Object.entries(configs ?? {})) {
    result = {
      ...result,
      ...filterConfig(findings, name, config, `${path}typed_per_filter_config["${name}"]`),
    };
  }
  return result;
}

function filterConfig(findings: Findings, name: string, any: Any, path: string): FilterConfigs {
  const bytes = any.value ?? new Uint8Array(0);
  switch (any.type_url) {
    case EXTENSION_TYPE.filterConfig: {
      const wrapper = decodeMessage(pb.envoy.config.route.v3.FilterConfig, bytes);
      if (wrapper.disabled)
        return name === FAULT ? { faultOff: true } : name === CORS ? { corsOff: true } : {};
      return wrapper.config ? filterConfig(findings, name, wrapper.config, `${path}.config`) : {};
    }
    case EXTENSION_TYPE.fault:
      return {
        fault: faultPolicy(
          findings,
          decodeMessage(pb.envoy.extensions.filters.http.fault.v3.HTTPFault, bytes),
          path,
        ),
      };
    case EXTENSION_TYPE.cors: {
      const cors = decodeMessage(pb.envoy.extensions.filters.http.cors.v3.CorsPolicy, bytes);
      return corsConfig(findings, cors, path);
    }
    default:
      if (!ISTIO_FILTER.test(name)) findings.ignored(path, 'the filter is not run');
      return {};
  }
}

/** A fault that depends on what is not looked at is never injected. */
function faultPolicy(findings: Findings, message: PbFault, path: string): FaultPolicy {
  const conditions = [
    ['upstream_cluster', message.upstreamCluster],
    ['headers', message.headers?.length],
    ['downstream_nodes', message.downstreamNodes?.length],
  ] as const;
  let conditional = false;
  for (const [field, value] of conditions) {
    if (!value) continue;
    findings.ignored(`${path}.${field}`, 'the fault is not injected');
    conditional = true;
  }
  reportUnsupported(findings, 'HTTPFault', message, `${path}.`);
  const delay = faultDelay(findings, message, `${path}.delay.`);
  const abort = faultAbort(findings, message, `${path}.abort.`);
  if (conditional) return {};
  if (delay ?? abort) findings.notApplied('fault', path);
  return { ...(delay ? { delay } : {}), ...(abort ? { abort } : {}) };
}

function faultDelay(findings: Findings, message: PbFault, path: string): FaultPolicy['delay'] {
  const delay = message.delay;
  if (!delay) return undefined;
  reportUnsupported(findings, 'FaultDelay', delay, path);
  const share = fraction(findings, `${path}percentage`, delay.percentage);
  const ms = positiveDurationMs(findings, `${path}fixed_delay`, delay.fixedDelay);
  return ms === undefined ? undefined : { ms, fraction: share };
}

function faultAbort(findings: Findings, message: PbFault, path: string): FaultPolicy['abort'] {
  const abort = message.abort;
  if (!abort) return undefined;
  reportUnsupported(findings, 'FaultAbort', abort, path);
  const share = fraction(findings, `${path}percentage`, abort.percentage);
  const status = abort.httpStatus;
  if (status === null || status === undefined) return undefined;
  if (status < 200 || status > 599)
    findings.invalid(`${path}http_status`, `${status} is not between 200 and 599`);
  return { status, fraction: share };
}

/** The filter's policy and the older one of the route say the same. */
type PbCors =
  | pb.envoy.extensions.filters.http.cors.v3.CorsPolicy.$Properties
  | pb.envoy.config.route.v3.CorsPolicy.$Properties;

export function corsConfig(findings: Findings, message: PbCors, path: string): FilterConfigs {
  reportUnsupported(findings, 'CorsPolicy', message, `${path}.`);
  if (message.filterEnabled) {
    const enabled = runtimeFraction(findings, `${path}.filter_enabled`, message.filterEnabled);
    if (enabled.numerator === 0) return { corsOff: true };
    if (enabled.numerator < enabled.denominator) {
      findings.ignored(`${path}.filter_enabled`, 'the policy is applied to all calls');
    }
  }
  findings.notApplied('cors', path);
  return {
    cors: {
      allowOrigins: (message.allowOriginStringMatch ?? []).map((match, index) =>
        stringMatch(findings, match, `${path}.allow_origin_string_match[${index}]`),
      ),
      allowMethods: message.allowMethods ?? '',
      allowHeaders: message.allowHeaders ?? '',
      exposeHeaders: message.exposeHeaders ?? '',
      maxAge: message.maxAge ?? '',
      allowCredentials: wrappedBool(message.allowCredentials, false),
      forwardNotMatchingPreflights: wrappedBool(message.forwardNotMatchingPreflights, true),
    },
  };
}
