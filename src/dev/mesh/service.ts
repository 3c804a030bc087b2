/** ServiceEntries (and the WorkloadEntries they select) as services with endpoints. */

import { isIP } from 'node:net';
import type { ServicePort as PortSpec, ServiceEntry, WorkloadEntry } from '../api';
import type { IstioObject } from '../read/object';
import { parseLocality, topologyLabels } from './node';
import { type Protocol, parseProtocol } from './protocol';

export interface ServicePort {
  readonly number: number;
  readonly name: string;
  readonly protocol: Protocol;
  /** 0 = not given. */
  readonly targetPort: number;
}

export interface ServiceEndpoint {
  /** IP, host name (DNS services) or path of a socket. */
  readonly address: string;
  readonly port: number;
  /** Name of the service port it belongs to. */
  readonly portName: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `region/zone/subzone`. */
  readonly locality: string;
  readonly weight: number;
  /** Label `security.istio.io/tlsMode`, or `istio` with a service account, else `disabled`. */
  readonly tlsMode: string;
  readonly serviceAccount: string;
  readonly namespace: string;
  readonly workload: string;
}

export type Resolution = NonNullable<ServiceEntry['resolution']>;

export interface Service {
  readonly host: string;
  readonly namespace: string;
  readonly external: boolean;
  readonly resolution: Resolution;
  readonly ports: readonly ServicePort[];
  /** '' = none. A CIDR stays one. */
  readonly vip: string;
  readonly exportTo: readonly string[];
  readonly subjectAltNames: readonly string[];
  readonly endpoints: readonly ServiceEndpoint[];
  /** What must be equal for two services of one host to be merged. */
  readonly mergeKey: string;
}

const CLUSTER_ID = 'Kubernetes';

/** One service per host and address, as istiod makes them; the first of a host wins later. */
export function servicesOf(
  entry: IstioObject<'ServiceEntry'>,
  workloads: readonly IstioObject<'WorkloadEntry'>[],
): Service[] {
  const { spec } = entry;
  const resolution = spec.resolution ?? 'NONE';
  const ports = (spec.ports ?? []).map(toPort);
  const addresses = (spec.addresses ?? []).map(plainAddress).filter((address) => address !== '');
  const services: Service[] = [];
  for (const host of spec.hosts) {
    const endpoints = endpointsOf(entry, host, resolution, workloads);
    for (const vip of addresses.length > 0 ? addresses : ['']) {
      services.push({
        host,
        namespace: entry.namespace,
        external: spec.location !== 'MESH_INTERNAL',
        resolution,
        ports,
        vip,
        exportTo: spec.exportTo ?? [],
        subjectAltNames: spec.subjectAltNames ?? [],
        endpoints,
        mergeKey: JSON.stringify([
          entry.namespace,
          resolution,
          sorted(entry.labels),
          sorted(spec.workloadSelector?.labels ?? {}),
          [...(spec.exportTo ?? [])].sort(),
        ]),
      });
    }
  }
  return services;
}

function toPort(port: PortSpec): ServicePort {
  return {
    number: port.number,
    name: port.name,
    protocol: parseProtocol(port.protocol ?? ''),
    targetPort: port.targetPort ?? 0,
  };
}

/** A /32 or /128 is the address itself. */
function plainAddress(address: string): string {
  const [ip = '', bits] = address.split('/');
  if (bits === undefined) return isIP(address) ? address : '';
  const full = isIP(ip) === 4 ? '32' : '128';
  return bits === full ? ip : address;
}

function endpointsOf(
  entry: IstioObject<'ServiceEntry'>,
  host: string,
  resolution: Resolution,
  workloads: readonly IstioObject<'WorkloadEntry'>[],
): ServiceEndpoint[] {
  const { spec, namespace } = entry;
  const ports = spec.ports ?? [];
  const dns = resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN';
  if (spec.workloadSelector) {
    const wanted = Object.entries(spec.workloadSelector.labels ?? {});
    return workloads
      .filter((workload) => workload.namespace === namespace)
      .filter(({ spec, labels }) =>
        wanted.every(([key, value]) => (labels[key] ?? spec.labels?.[key]) === value),
      )
      .filter(({ spec }) => dns || isIP(spec.address ?? '') !== 0 || isSocket(spec.address))
      .flatMap(({ spec, labels, name }) =>
        atEachPort({ ...spec, labels: { ...spec.labels, ...labels } }, ports, namespace, name),
      );
  }
  const given = spec.endpoints ?? [];
  if (given.length === 0 && dns) {
    return ports.map((port) => ({
      address: host,
      port: port.targetPort ?? port.number,
      portName: port.name,
      labels: {},
      locality: '',
      weight: 1,
      tlsMode: 'disabled',
      serviceAccount: '',
      namespace,
      workload: entry.name,
    }));
  }
  return given.flatMap((each, index) => atEachPort(each, ports, namespace, `${entry.name}-${index}`));
}

/** Priority of ports: a socket has none, then the endpoint's own, the target port, the service port. */
function atEachPort(
  workload: WorkloadEntry,
  ports: readonly PortSpec[],
  namespace: string,
  name: string,
): ServiceEndpoint[] {
  const labels = workload.labels ?? {};
  const locality = workload.locality || (labels['istio-locality'] ?? '').replaceAll('.', '/');
  const address = workload.address ?? '';
  const { serviceAccount } = workload;
  return ports.map((port) => ({
    address: isSocket(address) ? address.slice('unix://'.length) : address,
    port: isSocket(address) ? 0 : (workload.ports?.[port.name] ?? port.targetPort ?? port.number),
    portName: port.name,
    labels: { ...labels, ...topologyLabels(parseLocality(locality), CLUSTER_ID, workload.network) },
    locality,
    weight: workload.weight || 1,
    tlsMode: labels['security.istio.io/tlsMode'] ?? (serviceAccount ? 'istio' : 'disabled'),
    serviceAccount: serviceAccount ? `spiffe://cluster.local/ns/${namespace}/sa/${serviceAccount}` : '',
    namespace,
    workload: name,
  }));
}

function isSocket(address: string | undefined): boolean {
  return address?.startsWith('unix://') ?? false;
}

function sorted(labels: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
}
