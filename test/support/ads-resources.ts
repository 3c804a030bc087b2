/** Builders of clusters, routes and endpoints as istiod sends them, in few words. */

import { pb } from '../../src/xds';

export type ClusterMessage = pb.envoy.config.cluster.v3.Cluster.$Properties;
export type RouteMessage = pb.envoy.config.route.v3.RouteConfiguration.$Properties;
export type VirtualHostMessage = pb.envoy.config.route.v3.VirtualHost.$Properties;
export type EndpointsMessage = pb.envoy.config.endpoint.v3.ClusterLoadAssignment.$Properties;

const { DiscoveryType } = pb.envoy.config.cluster.v3.Cluster;

export function clusterName(host: string, port = 80, subset = ''): string {
  return `outbound|${port}|${subset}|${host}`;
}

export function edsCluster(name: string, more: ClusterMessage = {}): ClusterMessage {
  return {
    name,
    type: DiscoveryType.EDS,
    edsClusterConfig: { edsConfig: { ads: {} }, serviceName: name },
    connectTimeout: { seconds: 10 },
    ...more,
  };
}

export function dnsCluster(
  name: string,
  hosts: readonly (readonly [host: string, port: number])[],
  kind: 'STRICT_DNS' | 'LOGICAL_DNS' = 'STRICT_DNS',
  more: ClusterMessage = {},
): ClusterMessage {
  return {
    name,
    type: DiscoveryType[kind],
    connectTimeout: { seconds: 10 },
    dnsRefreshRate: { seconds: 60 },
    respectDnsTtl: true,
    loadAssignment: endpoints(name, hosts),
    ...more,
  };
}

export function staticCluster(
  name: string,
  addresses: readonly (readonly [ip: string, port: number])[],
): ClusterMessage {
  return {
    name,
    type: DiscoveryType.STATIC,
    connectTimeout: { seconds: 10 },
    loadAssignment: endpoints(name, addresses),
  };
}

export function originalDstCluster(name: string): ClusterMessage {
  return {
    name,
    type: DiscoveryType.ORIGINAL_DST,
    connectTimeout: { seconds: 10 },
    lbPolicy: pb.envoy.config.cluster.v3.Cluster.LbPolicy.CLUSTER_PROVIDED,
  };
}

export function endpoints(
  name: string,
  addresses: readonly (readonly [ip: string, port: number])[],
): EndpointsMessage {
  return {
    clusterName: name,
    endpoints: [
      {
        locality: { region: 'r1', zone: 'z1' },
        loadBalancingWeight: { value: Math.max(1, addresses.length) },
        lbEndpoints: addresses.map(([address, portValue]) => ({
          endpoint: { address: { socketAddress: { address, portValue } } },
          loadBalancingWeight: { value: 1 },
        })),
      },
    ],
  };
}

/** A virtual host as istiod names it: full name, short names, all to one cluster (or weighted ones). */
export function virtualHost(
  host: string,
  port = 80,
  clusters: readonly (readonly [name: string, weight: number])[] = [[clusterName(host, port), 1]],
  more: VirtualHostMessage = {},
): VirtualHostMessage {
  const [first] = host.split('.');
  const domains = host.endsWith('.svc.cluster.local')
    ? [host, `${host}.`, first!, host.slice(0, -'.cluster.local'.length)]
    : [host];
  const weighted = { clusters: clusters.map(([name, weight]) => ({ name, weight: { value: weight } })) };
  return {
    name: `${host}:${port}`,
    domains,
    routes: [
      {
        name: 'default',
        match: { prefix: '/' },
        route:
          clusters.length === 1
            ? { cluster: clusters[0]![0], timeout: {} }
            : { weightedClusters: weighted, timeout: {} },
      },
    ],
    includeRequestAttemptCount: true,
    ...more,
  };
}

/** istiod's catch-all: `allow_any` passes through, `block_all` answers 502. */
export function catchAll(policy: 'allow_any' | 'block_all' = 'allow_any'): VirtualHostMessage {
  return {
    name: policy,
    domains: ['*'],
    routes: [
      policy === 'allow_any'
        ? { name: policy, match: { prefix: '/' }, route: { cluster: 'PassthroughCluster', timeout: {} } }
        : { name: policy, match: { prefix: '/' }, directResponse: { status: 502 } },
    ],
  };
}

export function routes(
  port: number,
  virtualHosts: readonly VirtualHostMessage[],
  policy: 'allow_any' | 'block_all' = 'allow_any',
): RouteMessage {
  return {
    name: String(port),
    virtualHosts: [...virtualHosts, catchAll(policy)],
    ignorePortInHostMatching: true,
    validateClusters: { value: false },
  };
}

export interface Service {
  readonly host: string;
  readonly port?: number;
  readonly endpoints: readonly (readonly [ip: string, port: number])[];
}

/** Everything for plain services: what `AdsServer.set` takes. */
export function mesh(services: readonly Service[]): {
  clusters: ClusterMessage[];
  routes: RouteMessage[];
  endpoints: EndpointsMessage[];
} {
  const ports = new Map<number, VirtualHostMessage[]>();
  const clusters: ClusterMessage[] = [originalDstCluster('PassthroughCluster')];
  const assignments: EndpointsMessage[] = [];
  for (const { host, port = 80, endpoints: addresses } of services) {
    const name = clusterName(host, port);
    clusters.push(edsCluster(name));
    assignments.push(endpoints(name, addresses));
    ports.set(port, [...(ports.get(port) ?? []), virtualHost(host, port)]);
  }
  return {
    clusters,
    routes: [...ports].map(([port, hosts]) => routes(port, hosts)),
    endpoints: assignments,
  };
}
