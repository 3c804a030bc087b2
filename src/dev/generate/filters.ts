/** Per-route filter configuration: fault and CORS. */

import { EXTENSION_TYPE } from '../../xds';
import type { CorsPolicy, Fault, Percentage } from '../api';
import { stringMatcher } from './match';
import { type AnyPb, any, duration, optionalWrap, pb, wrap } from './pb';

const { DenominatorType } = pb.envoy.type.v3.FractionalPercent;
type FractionPb = pb.envoy.type.v3.FractionalPercent.$Properties;

/** Parts of a million, as istiod writes percentages with fractions. */
export function millionths({ value = 0 }: Percentage): FractionPb {
  return { numerator: Math.floor(value * 10_000), denominator: DenominatorType.MILLION };
}

export function hundredths(value: number): FractionPb {
  return { numerator: value, denominator: DenominatorType.HUNDRED };
}

export function filterConfigs(
  fault: Fault | undefined,
  cors: CorsPolicy | undefined,
): { [name: string]: AnyPb } {
  const configs: { [name: string]: AnyPb } = {};
  if (fault) configs['envoy.filters.http.fault'] = faultConfig(fault);
  if (cors) configs['envoy.filters.http.cors'] = corsConfig(cors);
  return configs;
}

function faultConfig({ delay, abort }: Fault): AnyPb {
  const { HTTPFault } = pb.envoy.extensions.filters.http.fault.v3;
  const hasAbort = abort?.httpStatus !== undefined || abort?.grpcStatus !== undefined;
  return any(EXTENSION_TYPE.fault, HTTPFault, {
    delay: delay && {
      fixedDelay: duration(delay.fixedDelay),
      percentage: delay.percentage ? millionths(delay.percentage) : hundredths(delay.percent ?? 0),
    },
    abort: hasAbort
      ? {
          httpStatus: abort.httpStatus,
          grpcStatus: abort.grpcStatus === undefined ? undefined : GRPC_STATUS.indexOf(abort.grpcStatus),
          percentage: abort.percentage && millionths(abort.percentage),
        }
      : undefined,
  });
}

/** By number. */
export const GRPC_STATUS: readonly string[] = [
  ...['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS'],
  ...['PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE'],
  ...['UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'],
];

function corsConfig(cors: CorsPolicy): AnyPb {
  const { CorsPolicy } = pb.envoy.extensions.filters.http.cors.v3;
  const origins = cors.allowOrigins ?? (cors.allowOrigin ?? []).map((exact) => ({ exact }));
  return any(EXTENSION_TYPE.cors, CorsPolicy, {
    allowOriginStringMatch: origins.map(stringMatcher),
    allowMethods: (cors.allowMethods ?? []).join(','),
    allowHeaders: (cors.allowHeaders ?? []).join(','),
    exposeHeaders: (cors.exposeHeaders ?? []).join(','),
    maxAge: cors.maxAge === undefined ? undefined : String(Math.floor(cors.maxAge / 1000)),
    allowCredentials: optionalWrap(cors.allowCredentials),
    filterEnabled: { defaultValue: hundredths(100) },
    forwardNotMatchingPreflights: wrap(cors.unmatchedPreflights !== 'IGNORE'),
  });
}
