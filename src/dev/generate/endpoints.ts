/** Endpoints of a cluster by locality, with weights, and with priorities as seen from the node. */

import { isIP } from 'node:net';
import { toStruct } from '../../xds';
import type { ClientTls, DestinationRule, TrafficPolicy } from '../api';
import type { Scope, Service, ServiceEndpoint, World } from '../mesh';
import { parseLocality } from '../mesh/node';
import { applyLocality, type LocalityGroup } from './locality';
import { compare } from './match';
import { clusterName, type EndpointPb, type LoadAssignmentPb, wrap } from './pb';
import { policyOfSubset, subsetOf } from './traffic-policy';

/** The answer to EDS. A cluster that does not exist has an assignment with its name only. */
export function loadAssignment(world: World, scope: Scope, name: string): LoadAssignmentPb | undefined {
  const [direction, portText, subset = '', host] = name.split('|');
  if (direction !== 'outbound' || host === undefined) return undefined;
  const port = Number(portText);
  const service = scope.service(host);
  const empty = { clusterName: name };
  if (!service || isDns(service) || !service.ports.some((each) => each.number === port)) return empty;
  const rule = scope.destinationRule(host)?.spec;
  if (subset !== '' && !subsetOf(rule, subset)) return empty;
  const groups = localityGroups(world, scope, service, port, subset);
  if (groups.length === 0) return empty;
  const policy = policyOfSubset(rule?.trafficPolicy, subsetOf(rule, subset)?.trafficPolicy, port);
  return {
    clusterName: name,
    endpoints: applyLocality(groups, policy, scope.node).map(({ group }) => group),
  };
}

/** Endpoints inside the cluster itself, for DNS clusters; undefined = none, and then no cluster. */
export function inlineAssignment(
  world: World,
  scope: Scope,
  service: Service,
  port: number,
  subset: string,
  policy: TrafficPolicy | undefined,
): LoadAssignmentPb | undefined {
  const groups = localityGroups(world, scope, service, port, subset);
  if (groups.length === 0) return undefined;
  const endpoints = applyLocality(groups, policy, scope.node).map(({ group }) => group);
  return { clusterName: clusterName(port, subset, service.host), endpoints };
}

export function isDns({ resolution }: Service): boolean {
  return resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN';
}

/** All endpoints of a service's port whose labels a subset asks for. */
export function endpointsOf(
  world: World,
  service: Service,
  port: number,
  labels: Readonly<Record<string, string>>,
): ServiceEndpoint[] {
  const portName = service.ports.find((each) => each.number === port)?.name;
  const all = world.endpoints.get(`${service.namespace}/${service.host}`) ?? [];
  return all.filter((endpoint) => {
    if (endpoint.portName !== portName) return false;
    return Object.entries(labels).every(([key, value]) => endpoint.labels[key] === value);
  });
}

function localityGroups(
  world: World,
  scope: Scope,
  service: Service,
  port: number,
  subset: string,
): LocalityGroup[] {
  const rule = scope.destinationRule(service.host)?.spec;
  const labels = subsetOf(rule, subset)?.labels ?? {};
  const mode = tlsModeOf(rule, subset, port);
  const groups = new Map<string, ServiceEndpoint[]>();
  for (const endpoint of endpointsOf(world, service, port, labels)) {
    if (!isDns(service) && endpoint.port !== 0 && isIP(endpoint.address) === 0) continue;
    const group = groups.get(endpoint.locality) ?? [];
    groups.set(endpoint.locality, group);
    group.push(endpoint);
  }
  return [...groups]
    .sort(([a], [b]) => compare(a, b))
    .map(([locality, endpoints]) => ({
      sources: endpoints,
      group: {
        locality: locality === '' ? {} : parseLocality(locality),
        lbEndpoints: endpoints.map((endpoint) => lbEndpoint(endpoint, mode)),
        loadBalancingWeight: wrap(endpoints.reduce((sum, endpoint) => sum + endpoint.weight, 0)),
      },
    }));
}

function lbEndpoint(endpoint: ServiceEndpoint, mode: ClientTls['mode'] | undefined): EndpointPb {
  const { address, port, weight, labels, workload, namespace, tlsMode } = endpoint;
  const mtls = mode === undefined ? tlsMode === 'istio' : mode === 'ISTIO_MUTUAL';
  const name =
    labels['service.istio.io/canonical-name'] ??
    labels['app.kubernetes.io/name'] ??
    labels['app'] ??
    workload;
  const version =
    labels['service.istio.io/canonical-revision'] ??
    labels['app.kubernetes.io/version'] ??
    labels['version'] ??
    '';
  const revision = version === 'latest' ? '' : version;
  return {
    endpoint: {
      address:
        port === 0 && isIP(address) === 0
          ? { pipe: pipe(address) }
          : { socketAddress: { address, portValue: port } },
    },
    loadBalancingWeight: wrap(weight),
    metadata: {
      filterMetadata: {
        istio: toStruct({ workload: [workload, namespace, name, revision, 'Kubernetes'].join(';') }),
        ...(mtls && tlsMode !== 'disabled' ? { 'envoy.transport_socket_match': toStruct({ tlsMode }) } : {}),
      },
    },
  };
}

/** envoy.config.core.v3.Pipe { path = 1 }. */
function pipe(path: string): Uint8Array {
  const bytes = Buffer.from(path);
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
  return Buffer.concat([Buffer.from([0x0a, ...length]), bytes]);
}

/** The mode a rule asks for on this cluster; undefined = it does not say. */
function tlsModeOf(
  rule: DestinationRule | undefined,
  subset: string,
  port: number,
): ClientTls['mode'] | undefined {
  const own = subset === '' ? undefined : modeAtPort(subsetOf(rule, subset)?.trafficPolicy, port);
  return own ?? modeAtPort(rule?.trafficPolicy, port);
}

function modeAtPort(policy: TrafficPolicy | undefined, port: number): ClientTls['mode'] | undefined {
  const tls =
    policy?.portLevelSettings?.find((each) => each.port.number === port && each.tls)?.tls ?? policy?.tls;
  return tls && (tls.mode ?? 'DISABLE');
}
