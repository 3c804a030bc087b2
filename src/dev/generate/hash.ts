/** Consistent hashing: which setting holds for a destination, and its hash policy on routes. */

import type { ConsistentHash, Destination, TrafficPolicy } from '../api';
import type { Scope } from '../mesh';
import { optionalDuration, pb, type RouteActionPb } from './pb';

type HashPolicyPb = NonNullable<RouteActionPb['hashPolicy']>[number];

/** For a rule's destination: the subset's port, the subset, the port, the rule's own; in this order. */
export function hashOfDestination(scope: Scope, destination: Destination): ConsistentHash | undefined {
  const spec = scope.destinationRule(destination.host)?.spec;
  if (!spec) return undefined;
  const subset = spec.subsets?.find(({ name }) => name === (destination.subset ?? ''));
  const port = destination.port?.number;
  return (
    portHash(subset?.trafficPolicy, port) ??
    subset?.trafficPolicy?.loadBalancer?.consistentHash ??
    portHash(spec.trafficPolicy, port) ??
    spec.trafficPolicy?.loadBalancer?.consistentHash
  );
}

/** For a service without VirtualService. */
export function hashOfService(scope: Scope, host: string, port: number): ConsistentHash | undefined {
  const policy = scope.destinationRule(host)?.spec.trafficPolicy;
  return portHash(policy, port) ?? policy?.loadBalancer?.consistentHash;
}

function portHash(policy: TrafficPolicy | undefined, port: number | undefined): ConsistentHash | undefined {
  if (port === undefined) return undefined;
  return policy?.portLevelSettings?.find((each) => each.port.number === port)?.loadBalancer?.consistentHash;
}

export function hashPolicies(hash: ConsistentHash | undefined): HashPolicyPb[] {
  if (!hash) return [];
  if (hash.httpHeaderName !== undefined) return [{ header: { headerName: hash.httpHeaderName } }];
  if (hash.useSourceIp !== undefined) return [{ connectionProperties: { sourceIp: hash.useSourceIp } }];
  if (hash.httpQueryParameterName !== undefined)
    return [{ queryParameter: { name: hash.httpQueryParameterName } }];
  const cookie = hash.httpCookie;
  if (!cookie) return [];
  const { HeaderValue } = pb.envoy.config.core.v3;
  return [
    {
      cookie: {
        name: cookie.name,
        path: cookie.path,
        ttl: optionalDuration(cookie.ttl),
        // CookieAttribute has the two fields of a header value: name = 1, value = 2.
        attributes: (cookie.attributes ?? []).map(({ name, value }) =>
          HeaderValue.encode({ key: name, value }).finish(),
        ),
      },
    },
  ];
}
