/** Inner shapes of consul 0.10 to 2.0 and of its client library, and the records of its HTTP API. */

import { addressKey, type MeshInstance, type Shape } from '../../src/registry';

export interface Question {
  readonly name?: string;
  readonly params?: { readonly service?: unknown };
  readonly query?: Readonly<Record<string, unknown>>;
  /** The Watch that asks. */
  readonly ctx?: unknown;
}

export interface ConsulRequest {
  readonly err?: unknown;
  readonly res?: { readonly body?: unknown; readonly statusCode?: number };
}

export type Next = (stop: unknown, ...values: unknown[]) => void;
export type Middleware = (
  this: unknown,
  request: ConsulRequest,
  next: (stop: unknown, error: unknown, ...values: unknown[]) => void,
) => void;

export interface HealthEntry {
  readonly Node: { readonly Node: string; readonly Address: string };
  readonly Service: {
    readonly Address?: string;
    readonly Port: number;
    readonly Weights?: { readonly Passing: number };
  };
}

export interface CatalogEntry {
  readonly Address: string;
  readonly ServiceAddress?: string;
  readonly ServicePort: number;
  readonly ServiceWeights?: { readonly Passing: number };
}

/** Made of a mesh instance: what it is called, and its metadata. */
interface Naming {
  readonly service: string;
  readonly datacenter: string;
  metadata(instance: MeshInstance): Record<string, string>;
}

export function healthShape(naming: Naming): Shape<HealthEntry> {
  return {
    key: ({ Node, Service }) => addressKey(Service.Address || Node.Address, Service.Port),
    weight: ({ Service }) => Service.Weights?.Passing,
    make: (instance, weight) => {
      const { service } = naming;
      const { node, id } = names(instance, service);
      return {
        Node: { ...nodeOf(instance, naming), Meta: {} },
        Service: {
          ID: id,
          Service: service,
          Tags: [],
          Address: instance.ip,
          TaggedAddresses: {},
          Meta: naming.metadata(instance),
          Port: instance.port,
          Weights: weights(weight),
          EnableTagOverride: false,
          CreateIndex: 0,
          ModifyIndex: 0,
        },
        Checks: [
          {
            Node: node,
            CheckID: `mesh:${id}`,
            Name: 'Endpoint of the mesh',
            Status: 'passing',
            Notes: '',
            Output: '',
            ServiceID: id,
            ServiceName: service,
            ServiceTags: [],
            Definition: {},
            CreateIndex: 0,
            ModifyIndex: 0,
          },
        ],
      };
    },
  };
}

export function catalogShape(naming: Naming): Shape<CatalogEntry> {
  return {
    key: ({ Address, ServiceAddress, ServicePort }) => addressKey(ServiceAddress || Address, ServicePort),
    weight: ({ ServiceWeights }) => ServiceWeights?.Passing,
    make: (instance, weight) => ({
      ...nodeOf(instance, naming),
      NodeMeta: {},
      ServiceID: names(instance, naming.service).id,
      ServiceName: naming.service,
      ServiceTags: [],
      ServiceAddress: instance.ip,
      ServiceWeights: weights(weight),
      ServiceMeta: naming.metadata(instance),
      ServicePort: instance.port,
      ServiceEnableTagOverride: false,
      CreateIndex: 0,
      ModifyIndex: 0,
    }),
  };
}

function nodeOf(instance: MeshInstance, { service, datacenter }: Naming) {
  const { ip } = instance;
  return {
    ID: '',
    Node: names(instance, service).node,
    Address: ip,
    Datacenter: datacenter,
    TaggedAddresses: { lan: ip, wan: ip },
    CreateIndex: 0,
    ModifyIndex: 0,
  };
}

function names({ ip, port }: MeshInstance, service: string): { readonly node: string; readonly id: string } {
  return { node: `mesh-${ip}`, id: `${service}-${ip}-${port}` };
}

/** Consul's weights are whole numbers. */
function weights(weight: number): { Passing: number; Warning: number } {
  return { Passing: Math.max(1, Math.round(weight)), Warning: 1 };
}
