/** Names of the generated messages, and the few values that all generators write. */

import { pb } from '../../xds';

export { pb };

export type ClusterPb = pb.envoy.config.cluster.v3.Cluster.$Properties;
export type LoadAssignmentPb = pb.envoy.config.endpoint.v3.ClusterLoadAssignment.$Properties;
export type LocalityEndpointsPb = pb.envoy.config.endpoint.v3.LocalityLbEndpoints.$Properties;
export type EndpointPb = pb.envoy.config.endpoint.v3.LbEndpoint.$Properties;
export type RoutesPb = pb.envoy.config.route.v3.RouteConfiguration.$Properties;
export type VirtualHostPb = pb.envoy.config.route.v3.VirtualHost.$Properties;
export type RoutePb = pb.envoy.config.route.v3.Route.$Properties;
export type RouteActionPb = pb.envoy.config.route.v3.RouteAction.$Properties;
export type RouteMatchPb = pb.envoy.config.route.v3.RouteMatch.$Properties;
export type RetryPolicyPb = pb.envoy.config.route.v3.RetryPolicy.$Properties;
export type HeaderMatcherPb = pb.envoy.config.route.v3.HeaderMatcher.$Properties;
export type HeaderValueOptionPb = pb.envoy.config.core.v3.HeaderValueOption.$Properties;
export type HttpOptionsPb = pb.envoy.extensions.upstreams.http.v3.HttpProtocolOptions.$Properties;
export type DurationPb = pb.google.protobuf.Duration.$Properties;
export type AnyPb = pb.google.protobuf.Any.$Properties;
type Encoder<T> = { encode(message: T): { finish(): Uint8Array } };

/** Milliseconds (fractions allowed) as a protobuf duration. */
export function duration(ms: number): DurationPb {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1e6) };
}

export function optionalDuration(ms: number | undefined): DurationPb | undefined {
  return ms === undefined ? undefined : duration(ms);
}

/** A wrapper message, so that 0 and false differ from absent. */
export function wrap<T>(value: T): { value: T } {
  return { value };
}

export function optionalWrap<T>(value: T | undefined): { value: T } | undefined {
  return value === undefined ? undefined : { value };
}

export function any<T>(typeUrl: string, type: Encoder<T>, message: T): AnyPb {
  return { type_url: typeUrl, value: type.encode(message).finish() };
}

/** `outbound|80|v1|host`. */
export function clusterName(port: number, subset: string, host: string): string {
  return `outbound|${port}|${subset}|${host}`;
}
