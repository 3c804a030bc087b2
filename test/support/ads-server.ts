/**
 * A scripted control plane: delta ADS as istiod speaks it, with every answer under the test's control. Keeps what
 * clients said (requests, ACKs, NACKs, headers) for assertions.
 */

import { createHash } from 'node:crypto';
import { type Metadata, Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import {
  aggregatedDiscoveryService,
  type DeltaRequest,
  type DeltaResource,
  type DeltaResponse,
  type DiscoveryNode,
  pb,
  TYPE_URL,
} from '../../src/xds';
import type { ClusterMessage, EndpointsMessage, RouteMessage } from './ads-resources';
import { Changes } from './changes';

export * from './ads-resources';

export type ResourceType = 'cluster' | 'endpoint' | 'route';

/** How `set` pushes. */
export interface PushOptions {
  /** Order of the types; istiod's is CDS, EDS, RDS. */
  readonly order?: readonly ResourceType[];
  /** Only these types are pushed now; the others' changes stay for `push`. */
  readonly only?: readonly ResourceType[];
}

/** One stream of one client. */
export interface AdsStreamRecord {
  readonly node: DiscoveryNode | undefined;
  readonly headers: Metadata;
  readonly requests: readonly DeltaRequest[];
}

interface Stream extends AdsStreamRecord {
  node: DiscoveryNode | undefined;
  requests: DeltaRequest[];
  readonly call: ServerDuplexStream<DeltaRequest, DeltaResponse>;
  /** By type: names subscribed, and content last sent by name. */
  readonly watched: Map<string, { names: Set<string>; sent: Map<string, string> }>;
}

const ALL: readonly ResourceType[] = ['cluster', 'endpoint', 'route'];

export class AdsServer {
  readonly streams: AdsStreamRecord[] = [];
  readonly acks: DeltaRequest[] = [];
  readonly nacks: DeltaRequest[] = [];
  /** Requests for these types are not answered: a control plane that is slow or partial. */
  readonly mute = new Set<ResourceType>();
  /** Versions of resources are empty, as istiod's; false = content hashes. */
  emptyVersions = true;
  readonly #resources: Record<ResourceType, Map<string, Uint8Array>> = {
    cluster: new Map(),
    endpoint: new Map(),
    route: new Map(),
  };
  readonly #open = new Set<Stream>();
  readonly #changes = new Changes();
  #server: Server | undefined;
  #port = 0;
  #nonce = 0;

  constructor(readonly credentials: ServerCredentials = ServerCredentials.createInsecure()) {}

  /** Starts on a free port, after a `stop` on the same one. */
  async start(): Promise<this> {
    const server = new Server({ 'grpc.max_send_message_length': -1 });
    server.addService(aggregatedDiscoveryService as never, {
      StreamAggregatedResources: (call: ServerDuplexStream<unknown, unknown>) => call.end(),
      DeltaAggregatedResources: (call: ServerDuplexStream<DeltaRequest, DeltaResponse>) => this.#accept(call),
    });
    this.#port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${this.#port}`, this.credentials, (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    this.#server = server;
    return this;
  }

  /** Kills everything, as a crash would. */
  stop(): void {
    this.#server?.forceShutdown();
    this.#server = undefined;
    this.#open.clear();
  }

  get port(): number {
    return this.#port;
  }

  get address(): string {
    return `grpc://127.0.0.1:${this.#port}`;
  }

  get openStreams(): number {
    return this.#open.size;
  }

  /** Ends all streams, each with a status (default: in good order); the server stays. */
  endStreams(error?: { readonly code: number; readonly details: string }): void {
    const ending = [...this.#open];
    // Nothing is written after the end: a push may follow at once.
    this.#open.clear();
    for (const { call } of ending) {
      if (error === undefined) call.end();
      else call.emit('error', error);
    }
  }

  /** Replaces all resources and pushes the differences to whoever watches them. */
  set(
    state: {
      readonly clusters?: readonly ClusterMessage[];
      readonly routes?: readonly RouteMessage[];
      readonly endpoints?: readonly EndpointsMessage[];
    },
    options: PushOptions = {},
  ): void {
    const { Cluster } = pb.envoy.config.cluster.v3;
    const { RouteConfiguration } = pb.envoy.config.route.v3;
    const { ClusterLoadAssignment } = pb.envoy.config.endpoint.v3;
    if (state.clusters)
      this.#replace('cluster', state.clusters, (m) => [m.name!, Cluster.encode(m).finish()]);
    if (state.routes)
      this.#replace('route', state.routes, (m) => [m.name!, RouteConfiguration.encode(m).finish()]);
    if (state.endpoints) {
      this.#replace('endpoint', state.endpoints, (m) => [
        m.clusterName!,
        ClusterLoadAssignment.encode(m).finish(),
      ]);
    }
    this.push(options);
  }

  /** Puts bytes under a name: anything, also what is no resource at all. Pushes. */
  setRaw(type: ResourceType, name: string, bytes: Uint8Array): void {
    this.#resources[type].set(name, bytes);
    this.push();
  }

  /** Takes resources away and pushes the removal. */
  remove(type: ResourceType, ...names: string[]): void {
    for (const name of names) this.#resources[type].delete(name);
    this.push();
  }

  push({ order = ALL, only = ALL }: PushOptions = {}): void {
    for (const type of order) {
      if (!only.includes(type)) continue;
      for (const stream of this.#open) this.#pushTo(stream, type, false);
    }
  }

  /** Sends everything again to whoever watches it, changed or not, as istiod's full pushes do. */
  resend(): void {
    for (const { watched } of this.#open)
      for (const { sent } of watched.values()) for (const name of sent.keys()) sent.set(name, '');
    this.push();
  }

  /** Resolves when the predicate holds; looked at after everything a client says. Fails after `ms`. */
  until(what: string, holds: () => boolean, ms = 5_000): Promise<void> {
    return this.#changes.until(holds, ms, () => `not within ${ms} ms: ${what}`);
  }

  /** Names a client is subscribed to on the newest stream. */
  subscribed(type: ResourceType): readonly string[] {
    const stream = [...this.#open].at(-1);
    return [...(stream?.watched.get(TYPE_URL[type])?.names ?? [])].sort();
  }

  #replace<T>(type: ResourceType, messages: readonly T[], encode: (m: T) => [string, Uint8Array]): void {
    this.#resources[type] = new Map(messages.map(encode));
  }

  #accept(call: ServerDuplexStream<DeltaRequest, DeltaResponse>): void {
    const stream: Stream = {
      node: undefined,
      headers: call.metadata,
      requests: [],
      call,
      watched: new Map(),
    };
    this.streams.push(stream);
    this.#open.add(stream);
    const gone = () => {
      this.#open.delete(stream);
      this.#notify();
    };
    call.on('data', (request: DeltaRequest) => {
      this.#request(stream, request);
      this.#notify();
    });
    call.on('cancelled', gone);
    call.on('error', gone);
    call.on('end', () => {
      call.end();
      gone();
    });
    this.#notify();
  }

  #request(stream: Stream, request: DeltaRequest): void {
    stream.node ??= request.node;
    stream.requests.push(request);
    if (request.errorDetail) this.nacks.push(request);
    else if (request.responseNonce) this.acks.push(request);
    const type = ALL.find((name) => TYPE_URL[name] === request.typeUrl);
    if (type === undefined) {
      // As istiod does for a sidecar node.
      stream.call.emit('error', { code: 16, details: `unknown type ${request.typeUrl}` });
      return;
    }
    if (request.errorDetail || request.responseNonce) return;
    const first = !stream.watched.has(request.typeUrl);
    const watched = stream.watched.get(request.typeUrl) ?? { names: new Set(), sent: new Map() };
    stream.watched.set(request.typeUrl, watched);
    for (const name of request.subscribe ?? []) watched.names.add(name);
    for (const name of request.unsubscribe ?? []) {
      watched.names.delete(name);
      watched.sent.delete(name);
    }
    for (const [name, version] of Object.entries(request.initialResourceVersions ?? {})) {
      // An empty version says nothing about content: it is sent again.
      if (type !== 'cluster') watched.names.add(name);
      watched.sent.set(name, version === '' ? 'unknown' : version);
    }
    if ((request.subscribe ?? []).length > 0 || first) this.#pushTo(stream, type, true);
  }

  #pushTo(stream: Stream, type: ResourceType, asked: boolean): void {
    const watched = stream.watched.get(TYPE_URL[type]);
    if (watched === undefined || this.mute.has(type)) return;
    const all = this.#resources[type];
    const resources: DeltaResource[] = [];
    for (const [name, value] of all) {
      if (type !== 'cluster' && !watched.names.has(name)) continue;
      const hash = createHash('sha256').update(value).digest('hex').slice(0, 12);
      if (watched.sent.get(name) === hash) continue;
      watched.sent.set(name, hash);
      resources.push({ name, version: this.emptyVersions ? '' : hash, typeUrl: TYPE_URL[type], value });
    }
    // istiod keeps the endpoints of a deleted cluster subscribed and says nothing.
    const removed = type === 'endpoint' ? [] : [...watched.sent.keys()].filter((name) => !all.has(name));
    for (const name of removed) watched.sent.delete(name);
    if (!asked && resources.length === 0 && removed.length === 0) return;
    this.send(stream, { typeUrl: TYPE_URL[type], resources, removedResources: removed });
  }

  /** Sends a response as it is, whatever the protocol says. */
  send(
    record: AdsStreamRecord,
    response: Pick<DeltaResponse, 'typeUrl' | 'resources' | 'removedResources'>,
  ): void {
    // A client may still ask on a stream that is being ended.
    if ((record as Stream).call.writableEnded) return;
    const nonce = `n${++this.#nonce}`;
    (record as Stream).call.write({ systemVersionInfo: `v${this.#nonce}`, nonce, ...response });
  }

  #notify(): void {
    this.#changes.tell();
  }
}
