/** Istio objects as YAML text. JSON is YAML, so nothing here needs a serialiser. */

export interface EndpointSpec {
  readonly address: string;
  /** Of the service's only port. */
  readonly port: number;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface ServiceSpec {
  readonly name: string;
  readonly namespace?: string;
  /** 80 when absent. */
  readonly port?: number;
  readonly endpoints: readonly EndpointSpec[];
  readonly addresses?: readonly string[];
}

export function hostOf(name: string, namespace = 'default'): string {
  return `${name}.${namespace}.svc.cluster.local`;
}

/** A ServiceEntry inside the mesh with fixed endpoints. */
export function serviceEntry({
  name,
  namespace = 'default',
  port = 80,
  endpoints,
  addresses,
}: ServiceSpec): string {
  return object('ServiceEntry', name, namespace, {
    hosts: [hostOf(name, namespace)],
    ...(addresses ? { addresses } : {}),
    location: 'MESH_INTERNAL',
    resolution: 'STATIC',
    ports: [{ number: port, name: 'http', protocol: 'HTTP' }],
    endpoints: endpoints.map(({ address, port: at, labels = {} }) => ({
      address,
      ports: { http: at },
      labels,
    })),
  });
}

/** A VirtualService for a service's host; `http` as in Istio's schema. */
export function virtualService(name: string, http: readonly unknown[], namespace = 'default'): string {
  return object('VirtualService', name, namespace, { hosts: [hostOf(name, namespace)], http });
}

/** A DestinationRule for a service's host. */
export function destinationRule(
  name: string,
  spec: Readonly<Record<string, unknown>>,
  namespace = 'default',
): string {
  return object('DestinationRule', name, namespace, { host: hostOf(name, namespace), ...spec });
}

/** Subsets v1 and v2 by the label `version`. */
export const VERSION_SUBSETS = [
  { name: 'v1', labels: { version: 'v1' } },
  { name: 'v2', labels: { version: 'v2' } },
];

export function yaml(...documents: readonly string[]): string {
  return documents.join('\n---\n');
}

function object(kind: string, name: string, namespace: string, spec: unknown): string {
  return JSON.stringify({ apiVersion: 'networking.istio.io/v1', kind, metadata: { name, namespace }, spec });
}
