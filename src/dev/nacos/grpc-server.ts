/** Nacos' gRPC port. */

import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { BI_STREAM, MAX_MESSAGE_BYTES, type Message, REQUEST, SUCCESS } from '../../nacos';
import { Connection, Connections } from './connections';
import { type RegistryParts, Requests } from './requests';

export interface TlsFiles {
  /** PEM. */
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface GrpcServerOptions extends RegistryParts {
  readonly host: string;
  readonly port: number;
  /** false: as 2.x, without abilities and their acknowledgement. */
  readonly abilities: boolean;
  readonly tls?: TlsFiles;
  readonly now: () => number;
}

const ABILITIES = { supportPersistentInstanceByGrpc: true, fuzzyWatch: true };

export class GrpcServer {
  readonly connections = new Connections();
  readonly #requests: Requests;
  readonly #server: Server;
  #unresponsive = false;

  constructor(readonly options: GrpcServerOptions) {
    this.#requests = new Requests(options);
    this.#server = new Server({
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    });
    this.#server.addService({ request: REQUEST }, { request: this.#unary.bind(this) });
    this.#server.addService({ requestBiStream: BI_STREAM }, { requestBiStream: this.#stream.bind(this) });
  }

  /** Resolves with the port. */
  start(): Promise<number> {
    const { host, port, tls } = this.options;
    const credentials = tls
      ? ServerCredentials.createSsl(null, [{ cert_chain: tls.cert, private_key: tls.key }])
      : ServerCredentials.createInsecure();
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(`${host}:${port}`, credentials, (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
  }

  /** Ends every connection in good order; the port stays open. */
  cut(): void {
    for (const connection of this.connections.all()) {
      connection.end();
      this.#leave(connection.id);
    }
  }

  /** As a crash: every connection is cut. */
  stop(): void {
    for (const { id } of this.connections.all()) this.#leave(id);
    this.#server.forceShutdown();
  }

  /** true: requests are taken and never answered, as by a process that hangs. */
  hang(hanging: boolean): void {
    this.#unresponsive = hanging;
  }

  #unary(call: ServerUnaryCall<Message, Message>, answer: sendUnaryData<Message>): void {
    if (this.#unresponsive) return;
    const peer = call.getPeer();
    const { type } = call.request;
    if (type === 'ServerCheckRequest') {
      const connectionId = `${this.options.now()}_${peer.replace(/:(\d+)$/, '_$1')}`;
      const abilities = this.options.abilities ? { supportAbilityNegotiation: true } : {};
      const body = { resultCode: SUCCESS, errorCode: 0, connectionId, ...abilities, success: true };
      answer(null, { type: 'ServerCheckResponse', headers: {}, body });
      return;
    }
    try {
      answer(null, this.#requests.answer(call.request, this.connections.get(peer)));
    } catch (error) {
      answer({ code: status.INTERNAL, details: (error as Error).message });
    }
  }

  #stream(stream: ServerDuplexStream<Message, Message>): void {
    const peer = stream.getPeer();
    stream.on('data', ({ type, body }: Message) => {
      if (type !== 'ConnectionSetupRequest') return;
      const { labels } = body as { labels?: Record<string, string> };
      const connection = new Connection(peer, stream, labels?.['module'] ?? '');
      this.connections.add(peer, connection);
      if (this.options.abilities) connection.acknowledgeSetup(ABILITIES);
    });
    const over = () => {
      this.#leave(peer);
      stream.end();
    };
    stream.on('end', over);
    stream.on('error', over);
    stream.on('cancelled', over);
  }

  /** What a connection published and subscribed to goes with it. */
  #leave(peer: string): void {
    const connection = this.connections.remove(peer);
    if (!connection) return;
    const { pusher, fuzzy, store } = this.options;
    pusher.unsubscribeAll(connection);
    fuzzy.cancelAll(connection);
    store.withdrawAll(connection.id);
  }
}
