/** Keeps one session to a Nacos cluster, whatever happens: fail-over, redirects, back-off. Never throws. */

import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';
import { Retry } from '../http';
import { readTls } from '../http/tls';
import type { Auth } from './auth';
import type { NacosConnectionConfig } from './config';
import { NacosFailure } from './failure';
import type { NacosServer, NacosServers } from './servers';
import { Session } from './session';

const BASE_MS = 100;
const CAP_MS = 5_000;
/** A session that ends this soon counts as a failure: a server that takes and drops us must not make us spin. */
const SHORT_LIVED_MS = 2_000;

export interface ConnectionEvents {
  /** Set up: everything that is bound to a connection has to be done again. */
  opened(session: Session): void;
  /** The session ended, or an attempt failed; the next attempt follows by itself. */
  lost(failure: NacosFailure, failedAttempts: number): void;
  push(session: Session, type: string, body: unknown): void;
}

export interface ConnectionOptions {
  readonly config: NacosConnectionConfig;
  readonly servers: NacosServers;
  readonly auth: Auth;
  readonly namespace: string;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly events: ConnectionEvents;
}

export class NacosConnection {
  #session: Session | undefined;
  #running: Promise<void> | undefined;
  #wake: () => void = () => undefined;
  #stopped = false;
  #next: number | undefined;
  #redirect: string | undefined;
  readonly #retry: Retry;

  constructor(readonly options: ConnectionOptions) {
    this.#retry = new Retry({ baseMs: BASE_MS, capMs: CAP_MS, random: options.random });
  }

  /** The session if one is set up at this moment. */
  get session(): Session | undefined {
    return this.#session?.isOpen ? this.#session : undefined;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#session?.close();
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    let failed = 0;
    while (!this.#stopped) {
      let servers = 1;
      try {
        const list = await this.options.servers.list();
        servers = list.length;
        const began = Date.now();
        const { failure, redirect } = await this.#live(this.#choose(list));
        this.#redirect = redirect;
        failed = Date.now() - began < SHORT_LIVED_MS && redirect === undefined ? failed + 1 : 0;
        if (failed === 0) this.#retry.good();
        if (!this.#stopped) this.options.events.lost(failure, failed);
      } catch (error) {
        failed++;
        if (!this.#stopped) this.options.events.lost(asFailure(error), failed);
      }
      // The other servers of a round are tried at once; the round is what is waited for.
      const roundOver = failed % servers === 0;
      await this.#sleep(failed > 0 && roundOver ? this.#retry.next() : this.options.random() * BASE_MS);
    }
  }

  /** One session from its opening to its end. Rejects when it cannot be opened. */
  async #live(server: NacosServer) {
    const { config, auth, namespace, events } = this.options;
    const session: Session = await Session.open({
      server,
      auth,
      namespace,
      requestTimeoutMs: config.requestTimeoutMs,
      push: (type, body) => events.push(session, type, body),
      ...(await channel(config)),
    });
    this.#session = session;
    if (this.#stopped) session.close();
    else events.opened(session);
    const end = await session.ended;
    this.#session = undefined;
    return end;
  }

  /** Where a reset sends us, else round-robin from a random start, so that many clients spread. */
  #choose(list: readonly NacosServer[]): NacosServer {
    const redirect = this.#redirect;
    this.#redirect = undefined;
    const named =
      list.find(({ address, grpcTarget }) => redirect === address || redirect === grpcTarget) ??
      list.find(({ host }) => redirect?.startsWith(`${host}:`));
    if (named) return named;
    this.#next ??= Math.floor(this.options.random() * list.length);
    return list[this.#next++ % list.length]!;
  }

  #sleep(ms: number): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

async function channel(
  config: NacosConnectionConfig,
): Promise<{ credentials: ChannelCredentials; channelOptions?: ChannelOptions }> {
  if (config.tls === undefined) return { credentials: credentials.createInsecure() };
  const { ca, key, cert, servername, rejectUnauthorized } = await readTls(config.tls);
  const secure = credentials.createSsl(ca ?? null, key ?? null, cert ?? null, { rejectUnauthorized });
  if (servername === undefined) return { credentials: secure };
  return {
    credentials: secure,
    channelOptions: { 'grpc.ssl_target_name_override': servername, 'grpc.default_authority': servername },
  };
}

function asFailure(error: unknown): NacosFailure {
  if (error instanceof NacosFailure) return error;
  return new NacosFailure(error instanceof Error ? error.message : String(error), 'refused');
}
