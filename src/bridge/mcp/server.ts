/** The gRPC side of MCP-over-xDS: the aggregated discovery service, as istiod's config sources ask for it. */

import {
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  status,
} from '@grpc/grpc-js';
import { aggregatedDiscoveryService, type DeltaRequest, type SotwRequest } from '../../xds';
import type { ServedContent } from '../model';
import { SotwAnswers } from './answers';
import { type CertificateEvents, FileCredentials, type TlsFiles } from './credentials';
import { DeltaAnswers } from './delta-answers';
import { type ClientRecord, Ledger, type McpEvents, type Protocol } from './ledger';
import { Publisher } from './publisher';
import { McpStream, type StreamContext } from './stream';

export interface McpServerOptions {
  readonly content: ServedContent;
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Absent: plaintext. */
  readonly tls?: TlsFiles;
  readonly minPushIntervalMs: number;
  readonly events: McpEvents & CertificateEvents;
  /** How long open streams get to end at `stop`, milliseconds. */
  readonly stopMs?: number;
}

/** A response is bytes already; encoding it once for all streams is the point. */
const asIs = (bytes: Buffer): Buffer => bytes;

const { StreamAggregatedResources: sotw, DeltaAggregatedResources: delta } = aggregatedDiscoveryService;
const SERVICE: Record<string, MethodDefinition<unknown, Buffer>> = {
  StreamAggregatedResources: { ...sotw, responseSerialize: asIs, responseDeserialize: asIs } as never,
  DeltaAggregatedResources: { ...delta, responseSerialize: asIs, responseDeserialize: asIs } as never,
};

/**
 * Pings notice a client whose host is gone. grpc-js answers pings of clients at any rate, so istiod's keep-alive
 * of 30 s needs no permission.
 */
const OPTIONS = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 20_000,
};

export class McpServer {
  readonly ledger = new Ledger();
  readonly publisher: Publisher;
  private readonly server = new Server(OPTIONS);
  private readonly calls = new Set<ServerDuplexStream<never, Buffer>>();
  private readonly context: StreamContext;
  private readonly credentials: ServerCredentials;
  private bound = 0;

  /** Throws an Error with one sentence when the certificate cannot be used. */
  constructor(private readonly options: McpServerOptions) {
    const { content, minPushIntervalMs, events, tls } = options;
    const now = () => performance.now();
    this.credentials = tls ? new FileCredentials(tls, events) : ServerCredentials.createInsecure();
    const onRendered = ({ changed, resources, ms }: { changed: number; resources: number; ms: number }) =>
      events.rendered(changed, resources, ms);
    this.publisher = new Publisher({ content, minPushIntervalMs, now, onRendered });
    this.context = { publisher: this.publisher, events, now, wallClock: Date.now };
    this.server.addService(SERVICE as never, {
      StreamAggregatedResources: (call: ServerDuplexStream<SotwRequest, Buffer>) =>
        this.accept(
          call,
          'sotw',
          (client, write) => new McpStream(client, new SotwAnswers(), this.context, write),
        ),
      DeltaAggregatedResources: (call: ServerDuplexStream<DeltaRequest, Buffer>) =>
        this.accept(
          call,
          'delta',
          (client, write) => new McpStream(client, new DeltaAnswers(), this.context, write),
        ),
    });
  }

  /** `host:port`, with the real port. */
  get address(): string {
    return joinHostPort(this.options.host, this.bound);
  }

  /** Rejects with one sentence when the address cannot be listened on. */
  start(): Promise<void> {
    const { host, port } = this.options;
    return new Promise((resolve, reject) => {
      this.server.bindAsync(joinHostPort(host, port), this.credentials, (error, bound) => {
        if (error) {
          // grpc-js puts the reason in the middle of its own words.
          const reason = /\[listen [A-Z]+: (.+?)( \S+)?\]/.exec(error.message)?.[1] ?? error.message;
          reject(new Error(`cannot listen on ${joinHostPort(host, port)}: ${reason}`));
          return;
        }
        this.bound = bound;
        resolve();
      });
    });
  }

  /** Ends every stream with UNAVAILABLE, on which clients keep what they have and connect again. */
  async stop(): Promise<void> {
    this.publisher.stop();
    if (this.credentials instanceof FileCredentials) this.credentials.stop();
    const details = 'the bridge is stopping';
    for (const call of this.calls) call.emit('error', { code: status.UNAVAILABLE, details });
    await new Promise<void>((resolve) => {
      const late = setTimeout(() => this.server.forceShutdown(), this.options.stopMs ?? 2_000);
      this.server.tryShutdown(() => {
        clearTimeout(late);
        resolve();
      });
    });
  }

  private accept<Q extends SotwRequest | DeltaRequest>(
    call: ServerDuplexStream<Q, Buffer>,
    protocol: Protocol,
    open: (client: ClientRecord, write: (bytes: Buffer, written: () => void) => void) => McpStream<Q>,
  ): void {
    const { events } = this.options;
    const client = this.ledger.open(protocol, call.getPeer(), Date.now());
    const stream = open(client, (bytes, written) =>
      call.write(bytes, (error?: Error | null) => !error && written()),
    );
    const leave = this.publisher.subscribe(stream);
    this.calls.add(call as never);
    let isOpen = true;
    const close = (reason: string) => {
      if (!isOpen) return;
      isOpen = false;
      leave();
      this.calls.delete(call as never);
      this.ledger.close(client);
      events.disconnected(client, reason);
    };
    call.on('data', (request: Q) => stream.receive(request));
    call.on('end', () => {
      close('the client ended the stream');
      call.end();
    });
    call.on('error', (error: Error & { details?: string }) => close(error.details ?? error.message));
    call.on('cancelled', () => close('the connection ended'));
  }
}

export function joinHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
