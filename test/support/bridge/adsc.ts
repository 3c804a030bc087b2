/**
 * Speaks to an MCP server as istiod's adsc does: state-of-the-world, every type at once, the time of day as the
 * nonce of first requests, an ACK for everything, resources applied when their version differs.
 */

import { type ChannelCredentials, Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import { MCP_TYPES } from '../../../src/dev/mcp/types';
import {
  aggregatedDiscoveryService,
  decodeSotwResponse,
  pb,
  type SotwRequest,
  type SotwResponse,
} from '../../../src/xds';
import { splitMessage } from '../../../src/xds/wire';
import { Changes } from '../changes';

const { Resource } = pb.istio.mcp.v1alpha1;
const { ServiceEntry } = pb.istio.networking.v1alpha3;

export const SERVICE_ENTRY_V1 = 'networking.istio.io/v1/ServiceEntry';

export interface StoredResource {
  readonly version: string;
  readonly createTime: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: pb.istio.networking.v1alpha3.ServiceEntry.$Properties;
}

export interface AdscOptions {
  readonly revision?: string;
  readonly types?: readonly string[];
  readonly credentials?: ChannelCredentials;
  /** False: takes responses and never says so, until `ack`. */
  readonly acks?: boolean;
  readonly pod?: string;
  /** Looks into no resource: for a client that must not be what is measured. */
  readonly blind?: boolean;
}

export class Adsc {
  private readonly client: Client;
  private readonly stream: ClientDuplexStream<SotwRequest, SotwResponse>;
  private readonly changes = new Changes();
  readonly responses: SotwResponse[] = [];
  /** By `namespace/name`. */
  store = new Map<string, StoredResource>();
  /** Resources whose version was new, over all responses. */
  updates = 0;
  ended: string | undefined;

  constructor(
    address: string,
    private readonly options: AdscOptions = {},
  ) {
    // istiod's client grows its window by itself.
    const channel = { 'grpc.max_receive_message_length': -1, 'grpc-node.flow_control_window': 1 << 24 };
    this.client = new Client(address, options.credentials ?? credentials.createInsecure(), channel);
    const { path, requestSerialize, responseDeserialize } =
      aggregatedDiscoveryService.StreamAggregatedResources;
    const deserialize = options.blind ? withoutResources : responseDeserialize;
    this.stream = this.client.makeBidiStreamRequest(path, requestSerialize, deserialize);
    this.stream.on('data', (response: SotwResponse) => this.receive(response));
    this.stream.on('error', (error: Error & { details?: string }) =>
      this.end(error.details ?? error.message),
    );
    this.stream.on('end', () => this.end(this.ended ?? 'ended'));
    const { pod = 'istiod-0' } = options;
    let node: SotwRequest['node'] = {
      id: `sidecar~10.0.0.1~${pod}.istio-system~istio-system.svc.cluster.local`,
      metadata: {
        GENERATOR: 'api',
        ISTIO_REVISION: options.revision ?? '',
        ISTIO_VERSION: '65536.65536.65536',
      },
    };
    for (const typeUrl of options.types ?? MCP_TYPES) {
      this.stream.write({ typeUrl, node, responseNonce: new Date().toString() });
      node = undefined;
    }
  }

  get hosts(): string[] {
    return [...this.store.values()].flatMap(({ spec }) => spec.hosts ?? []);
  }

  /** `ip:port` of the service of this name, over all its port names. */
  addresses(name: string): string[] {
    const { endpoints = [] } = this.store.get(`inmesh-registry/${name}`)?.spec ?? {};
    return endpoints!.flatMap(({ address, ports }) =>
      Object.values(ports ?? {}).map((port) => `${address}:${port}`),
    );
  }

  responsesOf(typeUrl: string): SotwResponse[] {
    return this.responses.filter((each) => each.typeUrl === typeUrl);
  }

  ack(response: SotwResponse, refusal?: string): void {
    const { typeUrl, nonce, versionInfo } = response;
    const errorDetail = refusal === undefined ? undefined : { code: 13, message: refusal };
    this.stream.write({ typeUrl, responseNonce: nonce, versionInfo, errorDetail });
  }

  write(request: SotwRequest): void {
    this.stream.write(request);
  }

  until(what: string, condition: () => boolean, ms = 15_000): Promise<void> {
    return this.changes.until(condition, ms, () => `no ${what} within ${ms} ms`);
  }

  close(): void {
    this.stream.cancel();
    this.client.close();
  }

  private receive(response: SotwResponse): void {
    this.responses.push(response);
    if (response.typeUrl === SERVICE_ENTRY_V1) this.apply(response);
    if (this.options.acks !== false) this.ack(response);
    this.wake();
  }

  /** What istiod's handleMCP does: absent is deleted, an equal version is not looked at. */
  private apply(response: SotwResponse): void {
    const store = new Map<string, StoredResource>();
    for (const { typeUrl, value } of response.resources) {
      if (typeUrl !== 'type.googleapis.com/istio.mcp.v1alpha1.Resource')
        throw new Error(`resource of type ${typeUrl}`);
      const { metadata, body } = Resource.decode(value);
      const known = this.store.get(metadata!.name!);
      if (known && known.version === metadata!.version) {
        store.set(metadata!.name!, known);
        continue;
      }
      if (body!.type_url !== 'type.googleapis.com/istio.networking.v1alpha3.ServiceEntry')
        throw new Error(`body of type ${body!.type_url}`);
      this.updates++;
      store.set(metadata!.name!, {
        version: metadata!.version!,
        createTime: Number(metadata!.createTime!.seconds),
        labels: metadata!.labels ?? {},
        spec: ServiceEntry.decode(body!.value!),
      });
    }
    this.store = store;
  }

  private end(reason: string): void {
    this.ended ??= reason;
    this.wake();
  }

  wake(): void {
    this.changes.tell();
  }
}

const RESOURCES_FIELD = 2;

function withoutResources(bytes: Buffer): SotwResponse {
  return decodeSotwResponse(splitMessage(bytes, RESOURCES_FIELD).rest);
}
