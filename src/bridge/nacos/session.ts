/**
 * One set-up connection to one Nacos server: unary requests and the bi-stream over the same HTTP/2 connection, which is
 * what Nacos takes as the client's identity. It ends once, for whatever reason, and is not used again.
 */

import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import {
  BI_STREAM,
  type ConnectResetRequest,
  ERROR,
  MAX_MESSAGE_BYTES,
  type Message,
  REQUEST,
  type ResponseBody,
  type ServerCheckResponse,
  SUCCESS,
} from '../../nacos';
import type { Auth, Resource } from './auth';
import { failureOf, NacosFailure, transportFailure } from './failure';
import type { NacosServer } from './servers';

/** Nacos drops a connection that was silent for 20 s. Answering its detections is no safe way to keep it. */
const HEALTH_CHECK_MS = 5_000;
/** So many checks in a row without an answer: the server is gone though the connection seems to stand. */
const MOST_MISSED_CHECKS = 2;
/** Between asks whether the server has booked the bi-stream. */
const REGISTRATION_MS = 20;

const CHANNEL: ChannelOptions = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  // A connection is the identity: it must be neither shared nor renewed behind our back.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_http_proxy': 0,
  // Nacos ends connections that ping more often than every five minutes; the health checks do it better.
  'grpc.keepalive_time_ms': 2_147_483_647,
};

export interface SessionOptions {
  readonly server: NacosServer;
  readonly credentials: ChannelCredentials;
  readonly channelOptions?: ChannelOptions;
  readonly auth: Auth;
  /** Of the connection; `''` is not `public` here. */
  readonly namespace: string;
  readonly requestTimeoutMs: number;
  /** Every request of the server that is not about the connection itself. Acknowledged already. */
  readonly push: (type: string, body: unknown) => void;
}

export interface SessionEnd {
  readonly failure: NacosFailure;
  /** `host:port` of the gRPC side that the server sends us to. */
  readonly redirect?: string;
}

export class Session {
  readonly ended: Promise<SessionEnd>;
  readonly #client: Client;
  #stream: ClientDuplexStream<Message, Message> | undefined;
  #health: NodeJS.Timeout | undefined;
  #missed = 0;
  #abilities: Readonly<Record<string, boolean>> = {};
  #acknowledged: () => void = () => undefined;
  #end!: (end: SessionEnd) => void;
  #over = false;

  private constructor(readonly options: SessionOptions) {
    const { server, credentials, channelOptions } = options;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#client = new Client(server.grpcTarget, credentials, { ...CHANNEL, ...channelOptions });
  }

  /** Rejects with a NacosFailure when the server cannot be reached or does not take us. */
  static async open(options: SessionOptions): Promise<Session> {
    const session = new Session(options);
    try {
      await session.#setUp();
      return session;
    } catch (error) {
      const failure = transportFailure(error, options.server.grpcTarget);
      session.#finish({ failure });
      throw failure;
    }
  }

  get isOpen(): boolean {
    return !this.#over;
  }

  /** What the server said it can (3.x); `fuzzyWatch` for one. */
  get abilities(): Readonly<Record<string, boolean>> {
    return this.#abilities;
  }

  /**
   * One request. Rejects with a NacosFailure unless the answer is a success; a token that is not accepted any more is
   * renewed once. When the server does not know this connection, the session ends.
   */
  async request<R extends ResponseBody>(type: string, body: object, resource?: Resource): Promise<R> {
    const { auth, server } = this.options;
    for (let fresh = false; ; fresh = true) {
      const headers = await auth.headers(server, resource);
      const response = await this.#unary<R>(type, headers, body);
      if (response.resultCode === SUCCESS) return response;
      const failure = failureOf(type, response);
      if (failure.code === ERROR.NO_RIGHT && !fresh && auth.refused()) continue;
      if (failure.code === ERROR.UNREGISTERED) this.#finish({ failure });
      throw failure;
    }
  }

  close(): void {
    this.#finish({ failure: new NacosFailure('closed by us', 'unreachable') });
  }

  async #setUp(): Promise<void> {
    const { namespace, requestTimeoutMs } = this.options;
    const check = await this.#unary<ServerCheckResponse>('ServerCheckRequest', {}, {});
    if (check.resultCode !== SUCCESS) throw failureOf('ServerCheckRequest', check);
    const acknowledged = new Promise<void>((resolve) => {
      this.#acknowledged = resolve;
    });
    this.#openStream();
    this.#write('ConnectionSetupRequest', {
      clientVersion: 'inmesh',
      tenant: namespace,
      // Without the module 3.x refuses every naming request and 2.x never pushes.
      labels: { source: 'sdk', module: 'naming', AppName: 'inmesh' },
      abilityTable: { fuzzyWatch: true },
    });
    if (check.supportAbilityNegotiation) {
      await this.#within(acknowledged, requestTimeoutMs, 'no SetupAckRequest in time');
    }
    await this.#untilRegistered(Date.now() + requestTimeoutMs);
    if (this.#over) throw (await this.ended).failure;
    this.#health = setInterval(() => void this.#checkHealth(), HEALTH_CHECK_MS);
  }

  /** The set-up has no answer on 2.x: the server knows us when it no longer says "unregistered". */
  async #untilRegistered(deadline: number): Promise<void> {
    for (;;) {
      const response = await this.#unary<ResponseBody>('HealthCheckRequest', {}, {});
      if (response.resultCode === SUCCESS) return;
      const failure = failureOf('HealthCheckRequest', response);
      if (failure.code !== ERROR.UNREGISTERED || Date.now() > deadline || this.#over) throw failure;
      await new Promise((resolve) => setTimeout(resolve, REGISTRATION_MS));
    }
  }

  async #checkHealth(): Promise<void> {
    try {
      const response = await this.#unary<ResponseBody>('HealthCheckRequest', {}, {});
      if (response.resultCode === SUCCESS) {
        this.#missed = 0;
        return;
      }
      this.#finish({ failure: failureOf('HealthCheckRequest', response) });
    } catch (error) {
      if (++this.#missed >= MOST_MISSED_CHECKS)
        this.#finish({ failure: transportFailure(error, this.options.server.grpcTarget) });
      else await this.#checkHealth();
    }
  }

  #unary<R extends ResponseBody>(
    type: string,
    headers: Readonly<Record<string, string>>,
    body: object,
  ): Promise<R> {
    const { server, requestTimeoutMs } = this.options;
    if (this.#over) return Promise.reject(new NacosFailure('the connection is closed', 'unreachable'));
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        REQUEST.path,
        REQUEST.requestSerialize,
        REQUEST.responseDeserialize,
        { type, headers, body },
        new Metadata(),
        { deadline: Date.now() + requestTimeoutMs },
        (error: ServiceError | null, response?: Message) => {
          if (error || !response) reject(transportFailure(error, server.grpcTarget));
          else resolve((response.body ?? {}) as R);
        },
      );
    });
  }

  #openStream(): void {
    const { grpcTarget } = this.options.server;
    const { path, requestSerialize, responseDeserialize } = BI_STREAM;
    const stream = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.#stream = stream;
    stream.on('data', (message: Message) => this.#receive(message));
    stream.on('error', (error) => this.#finish({ failure: transportFailure(error, grpcTarget) }));
    stream.on('end', () =>
      this.#finish({
        failure: new NacosFailure(`${grpcTarget}: the server closed the connection`, 'unreachable'),
      }),
    );
  }

  #receive({ type, body }: Message): void {
    if (this.#over) return;
    const request = (body ?? {}) as { requestId?: string; abilityTable?: Record<string, boolean> };
    if (type === 'SetupAckRequest') {
      this.#abilities = request.abilityTable ?? {};
      this.#acknowledged();
      return;
    }
    const answer = { resultCode: SUCCESS, errorCode: 0, success: true, requestId: request.requestId };
    this.#write(type.replace(/Request$/, 'Response'), answer);
    if (type === 'ConnectResetRequest') this.#reset(request as ConnectResetRequest);
    else if (type !== 'ClientDetectionRequest') this.options.push(type, request);
  }

  #reset({ serverIp, serverPort }: ConnectResetRequest): void {
    const failure = new NacosFailure(
      `${this.options.server.grpcTarget}: the server asks to reconnect`,
      'unreachable',
    );
    this.#finish(serverIp ? { failure, redirect: `${serverIp}:${serverPort ?? ''}` } : { failure });
  }

  #write(type: string, body: object): void {
    if (!this.#over) this.#stream?.write({ type, headers: {}, body });
  }

  async #within(promise: Promise<void>, ms: number, what: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new NacosFailure(what, 'unreachable')), ms);
    });
    const over = this.ended.then(({ failure }) => Promise.reject(failure));
    try {
      await Promise.race([promise, late, over]);
    } finally {
      clearTimeout(timer);
    }
  }

  #finish(end: SessionEnd): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#health);
    // The answer to a reset is still on its way out: end the stream in good order, then close.
    this.#stream?.end();
    setImmediate(() => {
      this.#stream?.cancel();
      this.#client.close();
    });
    this.#end(end);
  }
}
