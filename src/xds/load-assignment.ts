/** ClusterLoadAssignment to the model: from EDS, and inline in static and DNS clusters. */

import { isIP } from 'node:net';
import type { Endpoint, EndpointHealth, LoadAssignment, LocalityEndpoints } from '../model';
import { type Decoded, decodeSafely, Findings } from './decoded';
import { metadataString } from './origin';
import { decodeMessage, pb } from './pb';
import { reportUnsupported } from './unsupported-fields';
import { fraction, wrapped } from './values';

type ClusterLoadAssignment = pb.envoy.config.endpoint.v3.ClusterLoadAssignment.$Properties;
type LbEndpoint = pb.envoy.config.endpoint.v3.LbEndpoint.$Properties;
type PbEndpoint = pb.envoy.config.endpoint.v3.Endpoint.$Properties;

/** `ip`: EDS and STATIC, where Envoy refuses names. `name`: DNS clusters. */
export type AddressKind = 'ip' | 'name';

const HEALTH: readonly EndpointHealth[] = [
  'UNKNOWN',
  'HEALTHY',
  'UNHEALTHY',
  'DRAINING',
  'TIMEOUT',
  'DEGRADED',
];
const MAX_PRIORITY = 128;
const DEFAULT_OVERPROVISIONING = 140;

/** Decodes an EDS resource. Never throws. */
export function decodeLoadAssignment(bytes: Uint8Array): Decoded<LoadAssignment> {
  return decodeSafely(new Findings('ClusterLoadAssignment', ''), (findings) => {
    const message = decodeMessage(pb.envoy.config.endpoint.v3.ClusterLoadAssignment, bytes);
    findings.resource = message.clusterName;
    if (message.clusterName === '') findings.invalid('cluster_name', 'is empty');
    return loadAssignment(findings, message, 'ip', '');
  });
}

export function loadAssignment(
  findings: Findings,
  message: ClusterLoadAssignment,
  kind: AddressKind,
  path: string,
): LoadAssignment {
  const policy = message.policy;
  if (policy) reportUnsupported(findings, 'LoadAssignmentPolicy', policy, `${path}policy.`);
  const overprovisioningFactor = wrapped(policy?.overprovisioningFactor, DEFAULT_OVERPROVISIONING);
  if (overprovisioningFactor < 1)
    findings.invalid(`${path}policy.overprovisioning_factor`, 'must be greater than 0');
  const drops = policy?.dropOverloads ?? [];
  if (drops.length > 1)
    findings.invalid(`${path}policy.drop_overloads`, `has ${drops.length} categories; Envoy takes one`);
  return {
    clusterName: message.clusterName ?? '',
    localities: (message.endpoints ?? []).map((group, index) =>
      localityEndpoints(findings, message, group, kind, `${path}endpoints[${index}].`),
    ),
    overprovisioningFactor,
    dropOverloads: drops.map((drop, index) => ({
      category: drop.category ?? '',
      fraction: fraction(
        findings,
        `${path}policy.drop_overloads[${index}].drop_percentage`,
        drop.dropPercentage,
      ),
    })),
  };
}

function localityEndpoints(
  findings: Findings,
  message: ClusterLoadAssignment,
  group: pb.envoy.config.endpoint.v3.LocalityLbEndpoints.$Properties,
  kind: AddressKind,
  path: string,
): LocalityEndpoints {
  reportUnsupported(findings, 'LocalityLbEndpoints', group, path);
  const priority = group.priority ?? 0;
  if (priority > MAX_PRIORITY)
    findings.invalid(`${path}priority`, `${priority} is greater than ${MAX_PRIORITY}`);
  if (group.loadBalancingWeight && wrapped(group.loadBalancingWeight, 1) < 1) {
    findings.invalid(`${path}load_balancing_weight`, 'must be at least 1');
  }
  const endpoints: Endpoint[] = [];
  const members = group.loadBalancerEndpoints?.lbEndpoints ?? group.lbEndpoints ?? [];
  members.forEach((member, index) => {
    const named = member.endpointName ? message.namedEndpoints?.[member.endpointName] : undefined;
    const endpoint = lbEndpoint(
      findings,
      member,
      member.endpoint ?? named,
      kind,
      `${path}lb_endpoints[${index}].`,
    );
    if (endpoint) endpoints.push(endpoint);
  });
  return {
    locality: {
      region: group.locality?.region ?? '',
      zone: group.locality?.zone ?? '',
      subZone: group.locality?.subZone ?? '',
    },
    weight: wrapped(group.loadBalancingWeight, 0),
    priority,
    endpoints,
  };
}

function lbEndpoint(
  findings: Findings,
  member: LbEndpoint,
  endpoint: PbEndpoint | null | undefined,
  kind: AddressKind,
  path: string,
): Endpoint | undefined {
  const weight = wrapped(member.loadBalancingWeight, 1);
  if (weight < 1) findings.invalid(`${path}load_balancing_weight`, 'must be at least 1');
  const health = HEALTH[member.healthStatus ?? 0];
  if (!health) findings.invalid(`${path}health_status`, `${member.healthStatus} is unknown`);
  if (!endpoint) {
    findings.invalid(`${path}endpoint`, 'is missing');
    return undefined;
  }
  reportUnsupported(findings, 'Endpoint', endpoint, `${path}endpoint.`);
  const place = socketAddress(findings, endpoint, kind, `${path}endpoint.address.`);
  if (!place) return undefined;
  const tlsMode = metadataString(member.metadata, 'envoy.transport_socket_match', 'tlsMode');
  const workload = metadataString(member.metadata, 'istio', 'workload');
  return {
    ...place,
    ...(endpoint.hostname ? { hostname: endpoint.hostname } : {}),
    weight,
    health: health ?? 'UNKNOWN',
    ...(tlsMode === undefined ? {} : { tlsMode }),
    ...(workload === undefined ? {} : { workload }),
  };
}

function socketAddress(
  findings: Findings,
  endpoint: PbEndpoint,
  kind: AddressKind,
  path: string,
): { address: string; port: number } | undefined {
  const socket = endpoint.address?.socketAddress;
  if (!socket) {
    if (endpoint.address?.pipe) findings.ignored(`${path}pipe`, 'the endpoint is left out');
    else if (endpoint.address?.envoyInternalAddress) {
      findings.ignored(`${path}envoy_internal_address`, 'the endpoint is left out');
    } else findings.invalid(`${path}socket_address`, 'is missing');
    return undefined;
  }
  const address = socket.address ?? '';
  const port = socket.portValue ?? 0;
  if (address === '') findings.invalid(`${path}socket_address.address`, 'is empty');
  else if (kind === 'ip' && isIP(address) === 0) {
    findings.invalid(`${path}socket_address.address`, `"${address}" is not an IP address`);
  }
  if (port > 65535) findings.invalid(`${path}socket_address.port_value`, `${port} is greater than 65535`);
  if (socket.namedPort) {
    findings.ignored(`${path}socket_address.named_port`, 'the endpoint is left out');
    return undefined;
  }
  return { address, port };
}
