/** A scripted MCP server: state-of-the-world, every word of it under the test's control. */

import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { aggregatedDiscoveryService, pb, type SotwRequest, type SotwResponse } from '../../../src/xds';

const { Resource } = pb.istio.mcp.v1alpha1;
const { ServiceEntry } = pb.istio.networking.v1alpha3;
type Entry = pb.istio.networking.v1alpha3.ServiceEntry.$Properties;
type Call = ServerDuplexStream<SotwRequest, SotwResponse>;

export const SERVICE_ENTRY = 'networking.istio.io/v1/ServiceEntry';

export interface Resource {
  readonly name: string;
  readonly version: string;
  readonly entry?: Entry;
  /** Instead of the entry's. */
  readonly bytes?: Uint8Array;
}

export class ScriptedMcp {
  readonly requests: SotwRequest[] = [];
  /** Types that are not answered. */
  readonly mute = new Set<string>();
  resources: readonly Resource[] = [];
  port = 0;
  private server: Server | undefined;
  private readonly calls = new Set<Call>();
  private nonce = 0;

  async listen(port = 0, credentials = ServerCredentials.createInsecure()): Promise<this> {
    const server = new Server();
    this.server = server;
    server.addService(aggregatedDiscoveryService, {
      StreamAggregatedResources: (call: Call) => this.follow(call),
    });
    this.port = await new Promise((resolve, reject) =>
      server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    return this;
  }

  get url(): string {
    return `xds://127.0.0.1:${this.port}`;
  }

  /** Sends the present resources to everybody. */
  push(): void {
    for (const call of this.calls) this.send(call, SERVICE_ENTRY);
  }

  /** Ends the server as a crash does. */
  stop(): void {
    this.server?.forceShutdown();
    this.calls.clear();
  }

  private follow(call: Call): void {
    this.calls.add(call);
    const asked = new Set<string>();
    call.on('data', (request: SotwRequest) => {
      this.requests.push(request);
      if (asked.has(request.typeUrl) || this.mute.has(request.typeUrl)) return;
      asked.add(request.typeUrl);
      this.send(call, request.typeUrl);
    });
    call.on('end', () => call.end());
    call.on('cancelled', () => this.calls.delete(call));
  }

  private send(call: Call, typeUrl: string): void {
    const resources = typeUrl === SERVICE_ENTRY ? this.resources.map(encode) : [];
    call.write({ typeUrl, versionInfo: `${++this.nonce}`, nonce: `n${this.nonce}`, resources });
  }
}

function encode({ name, version, entry = {}, bytes }: Resource) {
  const value =
    bytes ??
    Resource.encode({
      metadata: { name, version, createTime: { seconds: Date.UTC(2100, 0, 1) / 1000 } },
      body: {
        type_url: 'type.googleapis.com/istio.networking.v1alpha3.ServiceEntry',
        value: ServiceEntry.encode(entry).finish(),
      },
    }).finish();
  return { typeUrl: 'type.googleapis.com/istio.mcp.v1alpha1.Resource', value };
}

/** A service of the bridge's making. */
export function entryOf(host: string, ...ports: number[]): Entry {
  return {
    hosts: [host],
    addresses: ['240.9.0.1'],
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    location: ServiceEntry.Location.MESH_INTERNAL,
    resolution: ServiceEntry.Resolution.STATIC,
    endpoints: ports.map((port) => ({ address: '127.0.0.1', ports: { http: port }, weight: 1 })),
  };
}
