/** A plain delta ADS client for tests: asks any control plane for everything a sidecar would. */

import { Client, type ClientDuplexStream, credentials, type ServiceError } from '@grpc/grpc-js';
import {
  aggregatedDiscoveryService,
  type DeltaRequest,
  type DeltaResponse,
  type DiscoveryNode,
  TYPE_URL,
} from '../../src/xds';
import { Changes } from './changes';

export interface NodeOptions {
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly locality?: { readonly region: string; readonly zone: string; readonly subZone: string };
}

/** A sidecar node whose address belongs to no endpoint. */
export function sidecarNode({ namespace = 'shop', labels = {}, locality }: NodeOptions = {}): DiscoveryNode {
  return {
    id: `sidecar~10.255.0.9~client.${namespace}~${namespace}.svc.cluster.local`,
    locality: locality ?? { region: 'r1', zone: 'z1', subZone: '' },
    metadata: {
      NAMESPACE: namespace,
      LABELS: labels,
      CLUSTER_ID: 'Kubernetes',
      INSTANCE_IPS: '10.255.0.9',
      ISTIO_VERSION: '1.31.0',
      DISABLE_HBONE_SEND: 'true',
      PROXY_CONFIG: {},
    },
  };
}

export type Bytes = ReadonlyMap<string, Uint8Array>;

export class XdsClient {
  private readonly client: Client;
  private readonly stream: ClientDuplexStream<DeltaRequest, DeltaResponse>;
  private readonly state = new Map<string, Map<string, Uint8Array>>();
  private readonly changes = new Changes();
  /** Every response, oldest first. */
  readonly responses: DeltaResponse[] = [];
  error: ServiceError | undefined;
  /** Reasons by type URL: the next response of the type is refused instead of taken. */
  readonly refuse = new Map<string, string>();

  constructor(
    address: string,
    private node: DiscoveryNode | undefined,
  ) {
    this.client = new Client(address, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
    });
    const { path, requestSerialize, responseDeserialize } =
      aggregatedDiscoveryService.DeltaAggregatedResources;
    this.stream = this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.stream.on('data', (response: DeltaResponse) => this.receive(response));
    this.stream.on('error', (error: ServiceError) => {
      this.error = error;
      this.changes.tell();
    });
  }

  subscribe(typeUrl: string, names: readonly string[] = [], initialResourceVersions = {}): void {
    this.write({ typeUrl, subscribe: names, initialResourceVersions });
  }

  unsubscribe(typeUrl: string, names: readonly string[]): void {
    this.write({ typeUrl, unsubscribe: names });
  }

  resources(typeUrl: string): Bytes {
    return this.state.get(typeUrl) ?? new Map();
  }

  /** Resolves when the condition holds; rejects when the stream fails or after `ms`. */
  until(condition: () => boolean, what: string, ms = 10_000): Promise<void> {
    const holds = () => {
      if (condition()) return true;
      if (this.error) throw this.error;
      return false;
    };
    return this.changes.until(holds, ms, () => `no ${what} within ${ms} ms`);
  }

  close(): void {
    this.stream.cancel();
    this.client.close();
  }

  private write(request: DeltaRequest): void {
    this.stream.write({ ...request, node: this.node });
    this.node = undefined;
  }

  private receive(response: DeltaResponse): void {
    const { typeUrl, nonce } = response;
    this.responses.push(response);
    const reason = this.refuse.get(typeUrl);
    const known = this.state.get(typeUrl) ?? new Map<string, Uint8Array>();
    this.state.set(typeUrl, known);
    if (reason === undefined) {
      for (const { name, value } of response.resources) known.set(name, value);
      for (const name of response.removedResources) known.delete(name);
    }
    const errorDetail = reason === undefined ? undefined : { code: 3, message: reason };
    this.write({ typeUrl, responseNonce: nonce, errorDetail });
    this.changes.tell();
  }
}

export interface Everything {
  readonly clusters: Bytes;
  readonly assignments: Bytes;
  readonly routes: Bytes;
}

/** Clusters, the endpoints of all EDS clusters, and the routes of the ports. */
export async function fetchAll(
  address: string,
  node: DiscoveryNode,
  ports: readonly number[],
): Promise<Everything> {
  const client = new XdsClient(address, node);
  try {
    const routeNames = ports.map(String);
    client.subscribe(TYPE_URL.cluster);
    client.subscribe(TYPE_URL.route, routeNames);
    await client.until(() => client.resources(TYPE_URL.cluster).size > 0, 'clusters');
    const names = [...client.resources(TYPE_URL.cluster).keys()].filter((name) =>
      name.startsWith('outbound|'),
    );
    client.subscribe(TYPE_URL.endpoint, names);
    const seen = (typeUrl: string, name: string) =>
      client.responses.some(
        (each) =>
          each.typeUrl === typeUrl &&
          (each.resources.some((resource) => resource.name === name) || each.removedResources.includes(name)),
      );
    await client.until(() => routeNames.every((name) => seen(TYPE_URL.route, name)), 'routes');
    await client.until(() => names.every((name) => seen(TYPE_URL.endpoint, name)), 'endpoints');
    return {
      clusters: client.resources(TYPE_URL.cluster),
      assignments: client.resources(TYPE_URL.endpoint),
      routes: client.resources(TYPE_URL.route),
    };
  } finally {
    client.close();
  }
}
