/** A bare speaker of Nacos' gRPC protocol: sends what it is told, keeps what it gets. For comparing servers. */

import { EventEmitter, once } from 'node:events';
import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import { BI_STREAM, type Message, REQUEST } from '../../src/nacos';

type Json = Record<string, unknown>;

export class NacosWire {
  readonly #client: Client;
  readonly #events = new EventEmitter();
  #stream: ClientDuplexStream<Message, Message> | undefined;
  /** Every request of the server, in order. */
  readonly received: Message[] = [];
  /** Answers the server's requests; false: leaves them without an answer. */
  answers = true;
  ended = false;

  constructor(target: string) {
    this.#client = new Client(target, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  }

  /** ServerCheck, bi-stream, set-up, and until the server knows the connection. */
  static async open(
    target: string,
    namespace = 'public',
    labels: Json = { module: 'naming' },
  ): Promise<NacosWire> {
    const wire = new NacosWire(target);
    const check = await wire.request('ServerCheckRequest', {});
    wire.stream();
    wire.send('ConnectionSetupRequest', {
      clientVersion: 'wire',
      tenant: namespace,
      labels,
      abilityTable: {},
    });
    if (check.body['supportAbilityNegotiation']) await wire.next('SetupAckRequest');
    while ((await wire.request('HealthCheckRequest', {})).body['errorCode'] === 301)
      await new Promise((resolve) => setTimeout(resolve, 10));
    return wire;
  }

  stream(): void {
    const { path, requestSerialize, responseDeserialize } = BI_STREAM;
    this.#stream = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    const over = () => {
      this.ended = true;
      this.#events.emit('ended');
    };
    this.#stream.on('error', over);
    this.#stream.on('end', over);
    this.#stream.on('data', (message: Message<Json>) => {
      this.received.push(message);
      if (this.answers && message.type !== 'SetupAckRequest') {
        const answer = { resultCode: 200, errorCode: 0, requestId: message.body['requestId'] };
        this.send(message.type.replace(/Request$/, 'Response'), answer);
      }
      this.#events.emit('message', message);
    });
  }

  send(type: string, body: Json): void {
    this.#stream?.write({ type, headers: {}, body });
  }

  request(type: string, body: Json, headers: Record<string, string> = {}): Promise<Message<Json>> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        REQUEST.path,
        REQUEST.requestSerialize,
        REQUEST.responseDeserialize,
        { type, headers, body },
        new Metadata(),
        { deadline: Date.now() + 20_000 },
        (error, response) => (error ? reject(error) : resolve(response as Message<Json>)),
      );
    });
  }

  /** The first request of the server of this type that `wanted` accepts, also one that came already. */
  async next(type: string, wanted: (body: Json) => boolean = () => true): Promise<Json> {
    const fits = (message: Message): message is Message<Json> =>
      message.type === type && wanted(message.body as Json);
    const already = this.received.find(fits);
    if (already) return already.body;
    for (;;) {
      const [message] = (await once(this.#events, 'message')) as [Message];
      if (fits(message)) return message.body;
    }
  }

  /** Resolves when the server has ended the stream. */
  async end(): Promise<void> {
    if (!this.ended) await once(this.#events, 'ended');
  }

  close(): void {
    this.#stream?.cancel();
    this.#client.close();
  }
}
