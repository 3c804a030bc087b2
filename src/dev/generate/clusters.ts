/** All clusters of a node's view: one per service port, one more per subset, and istiod's special ones. */

import { type Json, toStruct } from '../../xds';
import type { Subset, TrafficPolicy } from '../api';
import type { Scope, Service, ServicePort, World } from '../mesh';
import { applyConnectionPool, connectTimeout, httpOptions, PASSTHROUGH_HTTP } from './connection-pool';
import { endpointsOf, inlineAssignment, isDns } from './endpoints';
import { applyLoadBalancing } from './load-balancer';
import { configPath } from './metadata';
import { type ClusterPb, clusterName, duration, type HttpOptionsPb, pb, wrap } from './pb';
import { applyTls } from './tls';
import { policyAtPort, policyOfSubset } from './traffic-policy';

const { DiscoveryType, LbPolicy, DnsLookupFamily } = pb.envoy.config.cluster.v3.Cluster;

export function clusters(world: World, scope: Scope): ClusterPb[] {
  const found: ClusterPb[] = [];
  for (const service of scope.services) {
    for (const port of service.ports) {
      if (port.protocol === 'UDP' || service.resolution === 'DYNAMIC_DNS') continue;
      const rule = scope.destinationRule(service.host)?.spec;
      const policy = policyAtPort(rule?.trafficPolicy, port.number);
      const main = cluster({ world, scope, service, port, policy });
      if (!main) continue;
      found.push(main);
      for (const subset of rule?.subsets ?? []) {
        const over = policyOfSubset(policy, subset.trafficPolicy, port.number);
        const each = cluster({ world, scope, service, port, policy: over, subset });
        if (each) found.push(each);
      }
    }
  }
  return [...found, blackHole(), passthrough('PassthroughCluster'), passthrough('InboundPassthroughCluster')];
}

interface ClusterInput {
  readonly world: World;
  readonly scope: Scope;
  readonly service: Service;
  readonly port: ServicePort;
  readonly policy: TrafficPolicy | undefined;
  readonly subset?: Subset;
}

function cluster(input: ClusterInput): ClusterPb | undefined {
  const { world, scope, service, port, policy, subset } = input;
  const name = clusterName(port.number, subset?.name ?? '', service.host);
  const result: ClusterPb = { name, type: discoveryType(service), altStatName: `${name};` };
  const http: HttpOptionsPb = {};
  if (isDns(service)) {
    const assignment = inlineAssignment(world, scope, service, port.number, subset?.name ?? '', policy);
    if (!assignment) return undefined;
    result.loadAssignment = assignment;
    applyDns(result, scope);
  }
  if (result.type === DiscoveryType.ORIGINAL_DST && port.targetPort > 0) {
    result.originalDstLbConfig = { upstreamPortOverride: wrap(port.targetPort) };
  }
  applyConnectionPool(result, http, policy, port);
  applyLoadBalancing(result, policy);
  applyTls(result, http, tlsOptions(input));
  if (result.type === DiscoveryType.EDS) {
    result.edsClusterConfig = {
      serviceName: name,
      edsConfig: {
        ads: {},
        initialFetchTimeout: duration(0),
        resourceApiVersion: pb.envoy.config.core.v3.ApiVersion.V3,
      },
    };
  }
  result.typedExtensionProtocolOptions = httpOptions(http);
  result.metadata = { filterMetadata: { istio: toStruct(istioMetadata(input)) } };
  return result;
}

function discoveryType({ resolution }: Service): number {
  switch (resolution) {
    case 'DNS':
      return DiscoveryType.STRICT_DNS;
    case 'DNS_ROUND_ROBIN':
      return DiscoveryType.LOGICAL_DNS;
    case 'NONE':
      return DiscoveryType.ORIGINAL_DST;
    default:
      return DiscoveryType.EDS;
  }
}

function applyDns(result: ClusterPb, { node }: Scope): void {
  result.dnsLookupFamily = node.ipv6Only ? DnsLookupFamily.V6_ONLY : DnsLookupFamily.V4_ONLY;
  result.dnsRefreshRate = duration(60_000);
  result.dnsJitter = duration(100);
  result.respectDnsTtl = true;
}

function tlsOptions({ world, scope, service, port, policy, subset }: ClusterInput) {
  const endpoints = endpointsOf(world, service, port.number, {});
  const everyPort = world.endpoints.get(`${service.namespace}/${service.host}`) ?? [];
  const accounts = new Set([...service.subjectAltNames, ...everyPort.map((each) => each.serviceAccount)]);
  accounts.delete('');
  const rule = scope.destinationRule(service.host)?.spec;
  // For what is passed through, all instances must take mTLS. Only the subset's own policy, or the rule's, is asked.
  const { simple } = (subset ? subset.trafficPolicy : rule?.trafficPolicy)?.loadBalancer ?? {};
  const passed = service.resolution === 'NONE' || simple === 'PASSTHROUGH';
  return {
    tls: policy?.tls,
    service,
    accounts: [...accounts].sort(),
    sni: `outbound_.${port.number}_.${subset?.name ?? ''}_.${service.host}`,
    selected: rule?.workloadSelector !== undefined,
    plaintextOnly:
      passed && (endpoints.length === 0 || endpoints.some((each) => each.tlsMode === 'disabled')),
  };
}

function istioMetadata({ scope, service, policy, subset }: ClusterInput): { [key: string]: Json } {
  const rule = scope.destinationRule(service.host);
  const mode = policy?.tls?.mode;
  return {
    services: [{ host: service.host, name: service.host, namespace: service.namespace }],
    ...(service.external && !subset ? { external: true } : {}),
    ...(rule ? { config: configPath(rule) } : {}),
    ...(subset ? { subset: subset.name } : {}),
    ...(mode === 'SIMPLE' || mode === 'MUTUAL' ? { alpn_override: 'false' } : {}),
  };
}

function blackHole(): ClusterPb {
  return {
    name: 'BlackHoleCluster',
    type: DiscoveryType.STATIC,
    connectTimeout: connectTimeout(),
    lbPolicy: LbPolicy.ROUND_ROBIN,
    altStatName: 'BlackHoleCluster;',
  };
}

function passthrough(name: string): ClusterPb {
  const result: ClusterPb = {
    name,
    type: DiscoveryType.ORIGINAL_DST,
    lbPolicy: LbPolicy.CLUSTER_PROVIDED,
    altStatName: 'PassthroughCluster;',
    typedExtensionProtocolOptions: httpOptions(PASSTHROUGH_HTTP),
  };
  applyConnectionPool(result, {}, undefined, { number: 0, name: '', protocol: 'TCP', targetPort: 0 });
  return result;
}
