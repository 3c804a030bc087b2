/** MCP over xDS: the aggregated discovery service, as istiod's config sources ask for it. */

import { aggregatedDiscoveryService, type DeltaRequest, type SotwRequest } from '../../xds';
import type { ServedContent } from '../model';
import { SotwAnswers } from './answers';
import { type CertificateEvents, CertificateFiles, type TlsFiles } from './credentials';
import { DeltaAnswers } from './delta-answers';
import { GrpcServer } from './grpc-server';
import { type GrpcStream, STATUS } from './grpc-stream';
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
  /** How long open connections get to end at `stop`, milliseconds. */
  readonly stopMs?: number;
}

const STOP_MS = 2_000;
const { StreamAggregatedResources: SOTW, DeltaAggregatedResources: DELTA } = aggregatedDiscoveryService;

/** What both kinds of stream are here: they take requests as bytes. */
interface Receiver {
  receive(bytes: Buffer): void;
}

export class McpServer {
  readonly ledger = new Ledger();
  readonly publisher: Publisher;
  private readonly server: GrpcServer;
  private readonly certificate: CertificateFiles | undefined;
  private readonly calls = new Set<GrpcStream>();
  private readonly context: StreamContext;
  private bound = 0;

  /** Throws an Error with one sentence when the certificate cannot be used. */
  constructor(private readonly options: McpServerOptions) {
    const { content, minPushIntervalMs, events, tls, host, port } = options;
    const now = () => performance.now();
    this.certificate =
      tls && new CertificateFiles(tls, events, (fresh) => this.server.replaceCertificate(fresh));
    this.publisher = new Publisher({
      content,
      minPushIntervalMs,
      now,
      onRendered: ({ changed, resources, ms }) => events.rendered(changed, resources, ms),
    });
    this.context = { publisher: this.publisher, events, now, wallClock: Date.now };
    this.server = new GrpcServer({
      host,
      port,
      ...(this.certificate && { tls: this.certificate.current }),
      methods: {
        [SOTW.path]: (call, peer) => this.accept(call, peer, 'sotw'),
        [DELTA.path]: (call, peer) => this.accept(call, peer, 'delta'),
      },
    });
  }

  /** `host:port`, with the real port. */
  get address(): string {
    return joinHostPort(this.options.host, this.bound);
  }

  /** Rejects with one sentence when the address cannot be listened on. */
  async start(): Promise<void> {
    const { host, port } = this.options;
    await this.server.listen().catch((error: NodeJS.ErrnoException) => {
      throw new Error(`cannot listen on ${joinHostPort(host, port)}: ${error.code ?? error.message}`);
    });
    this.bound = this.server.port;
  }

  /** Ends every stream with UNAVAILABLE, on which clients keep what they have and connect again. */
  async stop(): Promise<void> {
    this.publisher.stop();
    this.certificate?.stop();
    for (const call of this.calls) call.end(STATUS.unavailable, 'the bridge is stopping');
    if (this.bound !== 0) await this.server.close(this.options.stopMs ?? STOP_MS);
  }

  private accept(call: GrpcStream, peer: string, protocol: Protocol): void {
    const { events } = this.options;
    const client = this.ledger.open(protocol, peer, Date.now());
    const { stream, receiver } = this.open(client, protocol, call);
    const leave = this.publisher.subscribe(stream);
    this.calls.add(call);
    call.open({
      message: (bytes) => receiver.receive(bytes),
      closed: (reason) => {
        leave();
        this.calls.delete(call);
        this.ledger.close(client);
        events.disconnected(client, reason);
      },
    });
  }

  private open(client: ClientRecord, protocol: Protocol, call: GrpcStream) {
    const write = (pieces: readonly Buffer[], written: () => void) => call.write(pieces, written);
    if (protocol === 'sotw') {
      const stream = new McpStream<SotwRequest>(client, new SotwAnswers(), this.context, write);
      const receiver: Receiver = { receive: (bytes) => stream.receive(SOTW.requestDeserialize(bytes)) };
      return { stream, receiver };
    }
    const stream = new McpStream<DeltaRequest>(client, new DeltaAnswers(), this.context, write);
    const receiver: Receiver = { receive: (bytes) => stream.receive(DELTA.requestDeserialize(bytes)) };
    return { stream, receiver };
  }
}

export function joinHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
