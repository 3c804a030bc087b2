/** One state-of-the-world stream to an MCP server, spoken as istiod's adsc speaks it. */

import { type ChannelCredentials, Client, type ClientDuplexStream, type StatusObject } from '@grpc/grpc-js';
import { aggregatedDiscoveryService, type SotwRequest, type SotwResponse } from '../../xds';
import { MCP_TYPES, mcpNode } from './types';

const CONNECT_TIMEOUT_MS = 5_000;
const GRPC_READY = 2;

export interface McpStreamEvents {
  response(response: SotwResponse): void;
  /** Exactly once. */
  ended(reason: string): void;
}

export class McpStream {
  private readonly client: Client;
  private readonly call: ClientDuplexStream<SotwRequest, SotwResponse>;
  private readonly connecting: NodeJS.Timeout;
  private isOver = false;

  constructor(
    /** `host:port` */
    address: string,
    credentials: ChannelCredentials,
    private readonly events: McpStreamEvents,
  ) {
    // Responses hold the whole mesh, so their size has no limit; istiod's has none either.
    this.client = new Client(address, credentials, {
      'grpc.max_receive_message_length': -1,
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 10_000,
    });
    const { path, requestSerialize, responseDeserialize } =
      aggregatedDiscoveryService.StreamAggregatedResources;
    this.call = this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.call.on('data', (response: SotwResponse) => this.receive(response));
    this.call.on('error', (error: Error) => this.end(error.message));
    this.call.on('status', (status: StatusObject) =>
      setImmediate(() => this.end(status.details || 'the server ended the stream')),
    );
    this.connecting = setTimeout(() => {
      if (this.client.getChannel().getConnectivityState(false) === GRPC_READY) return;
      this.end(`no connection within ${CONNECT_TIMEOUT_MS / 1000} s`);
    }, CONNECT_TIMEOUT_MS);
    // Like istiod: a nonce on first requests too, the node on the very first.
    MCP_TYPES.forEach((typeUrl, index) => {
      this.call.write({
        typeUrl,
        responseNonce: new Date().toISOString(),
        ...(index === 0 && { node: mcpNode() }),
      });
    });
  }

  close(): void {
    this.end('closed');
  }

  /** Every response is acknowledged, as istiod does: what is wrong with a resource is said here, not there. */
  private receive(response: SotwResponse): void {
    if (this.isOver) return;
    this.events.response(response);
    const { typeUrl, versionInfo, nonce } = response;
    this.call.write({ typeUrl, versionInfo, responseNonce: nonce });
  }

  private end(reason: string): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.connecting);
    this.call.cancel();
    this.client.close();
    this.events.ended(reason);
  }
}
