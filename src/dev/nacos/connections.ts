/** gRPC clients: each HTTP/2 connection is one, known by its peer address, registered by the bi-stream's set-up. */

import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Message } from '../../nacos';

export class Connection {
  readonly #stream: ServerDuplexStream<Message, Message>;
  #requests = 0;

  constructor(
    readonly id: string,
    stream: ServerDuplexStream<Message, Message>,
    /** Label of the set-up; '' registers a connection that naming does not know. */
    readonly module: string,
  ) {
    this.#stream = stream;
  }

  /** A request of the server. */
  ask(type: string, body: Readonly<Record<string, unknown>>): void {
    this.#requests++;
    this.#stream.write({
      type,
      headers: {},
      body: { headers: {}, requestId: String(this.#requests), ...body },
    });
  }

  /** Without a request id, as Nacos does. */
  acknowledgeSetup(abilityTable: Readonly<Record<string, boolean>>): void {
    const body = { headers: {}, abilityTable, module: 'internal' };
    this.#stream.write({ type: 'SetupAckRequest', headers: {}, body });
  }

  end(): void {
    this.#stream.end();
  }
}

export class Connections {
  readonly #byPeer = new Map<string, Connection>();

  get size(): number {
    return this.#byPeer.size;
  }

  all(): Connection[] {
    return [...this.#byPeer.values()];
  }

  get(peer: string): Connection | undefined {
    return this.#byPeer.get(peer);
  }

  add(peer: string, connection: Connection): void {
    this.#byPeer.set(peer, connection);
  }

  remove(peer: string): Connection | undefined {
    const connection = this.#byPeer.get(peer);
    this.#byPeer.delete(peer);
    return connection;
  }
}
