/**
 * One connection to one server, from connecting to its end, on node-zookeeper-client. The library would go on by itself,
 * but: it sets all watches again in one packet, which a server refuses above 1 MB (some 15,000 nodes); it says neither
 * why it cannot connect nor that a server fell silent; a reply that it does not know it throws out of the socket. So each
 * connection has a client and a session of its own, which is given up with the connection; a reader loses nothing by that.
 */

import { type Client, createClient, type Event, Exception } from 'node-zookeeper-client';
import { sentenceOf } from '../../http';

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** '' or a path. */
  readonly chroot: string;
  /** `user:password`, or undefined. */
  readonly digest: string | undefined;
  /** Asked for; the server may alter it. */
  readonly sessionTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Ends the attempt, when it is no longer wanted. */
  readonly signal?: AbortSignal;
}

/** A node may not be read. */
export class NoAuthError extends Error {
  override readonly name = 'NoAuthError';
}

/** The connection is over; everything that was asked for is asked again on the next. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
}

/** What is used of the library's inside. */
interface Manager {
  servers: { host: string; port: number }[];
  socket?: { destroy(): void };
  connectTimeoutHandler: NodeJS.Timeout | null;
  connect(): void;
  setState(state: number): void;
  onSocketError(error: Error): void;
  onSocketData(bytes: Buffer): void;
  on(event: 'state', listener: (state: number) => void): void;
}
const DISCONNECTED = 0;
const CONNECTED = 2;
const CLOSED = -2;
const REASONS: Readonly<Record<number, string>> = {
  [-3]: 'the session has expired',
  [-4]: 'the server refuses the authentication',
};
/** The library wants one in its own syntax, which knows no IPv6; the server is set apart. */
const ANY_SERVER = 'server:2181';
const CLOSE_PATIENCE_MS = 500;

export type Watcher = (event: Event) => void;

export class ZooKeeperConnection {
  private readonly client: Client;
  private readonly manager: Manager;
  private readonly waiting = new Set<(error: Error) => void>();
  private closed: (reason: string) => void = () => undefined;
  /** Resolves with one sentence when the connection is over and nothing of it is left. */
  readonly ended: Promise<string>;
  /** `host:port` */
  readonly server: string;
  private reason: string | undefined;
  private unanswered = 0;
  private probe: NodeJS.Timeout | undefined;
  /** False: nothing is at the chroot. */
  hasRoot = true;

  private constructor(options: ConnectionOptions) {
    this.server = `${options.host.includes(':') ? `[${options.host}]` : options.host}:${options.port}`;
    this.client = createClient(ANY_SERVER + options.chroot, { sessionTimeout: options.sessionTimeoutMs });
    this.manager = (this.client as unknown as { connectionManager: Manager }).connectionManager;
    this.manager.servers = [{ host: options.host, port: options.port }];
    if (options.digest !== undefined) this.client.addAuthInfo('digest', Buffer.from(options.digest));
    this.ended = new Promise((resolve) => {
      this.closed = resolve;
    });
    this.guard();
  }

  /** Connects, and sees that the server answers. Rejects with one sentence. */
  static async open(options: ConnectionOptions): Promise<ZooKeeperConnection> {
    const connection = new ZooKeeperConnection(options);
    const late = setTimeout(
      () => connection.end(`no answer within ${options.connectTimeoutMs} ms`),
      options.connectTimeoutMs,
    );
    const abort = () => connection.end('it is no longer wanted');
    options.signal?.addEventListener('abort', abort);
    try {
      await connection.connected();
      connection.hasRoot = await connection.exists('/');
      connection.watchOver();
      return connection;
    } catch (error) {
      connection.end((error as Error).message);
      throw new Error(await connection.ended);
    } finally {
      clearTimeout(late);
      options.signal?.removeEventListener('abort', abort);
    }
  }

  /** Names of the children; undefined: there is no such node, and nothing is watched. */
  children(path: string, watcher?: Watcher): Promise<string[] | undefined> {
    return this.ask((done) =>
      watcher ? this.client.getChildren(path, watcher, done) : this.client.getChildren(path, done),
    );
  }

  /** The data; undefined: there is no such node, and nothing is watched. */
  async data(path: string, watcher?: Watcher): Promise<Buffer | undefined> {
    // A node without data gives undefined, too.
    const read = await this.ask<Buffer | undefined | null>((done) => {
      const got = (error: Error | Exception | null, data: Buffer) => done(error, data ?? null);
      if (watcher) this.client.getData(path, watcher, got);
      else this.client.getData(path, got);
    });
    return read === null ? Buffer.alloc(0) : read;
  }

  /** Watches for the creation, too. */
  async exists(path: string, watcher?: Watcher): Promise<boolean> {
    const stat = await this.ask<unknown>((done) =>
      watcher ? this.client.exists(path, watcher, done) : this.client.exists(path, done),
    );
    return stat !== undefined && stat !== null;
  }

  /** Ends the session at the server, so that it need not time out. */
  async close(): Promise<void> {
    if (this.reason === undefined) {
      this.reason = `${this.server}: the connection was closed`;
      clearInterval(this.probe);
      this.client.close();
      const patience = setTimeout(() => this.manager.socket?.destroy(), CLOSE_PATIENCE_MS);
      await this.ended;
      clearTimeout(patience);
      this.rejectAll();
    }
    await this.ended;
  }

  private guard(): void {
    const { manager } = this;
    const { connect, onSocketData, onSocketError } = manager;
    manager.connect = () => {
      manager.connect = () => manager.setState(CLOSED);
      connect.call(manager);
    };
    manager.onSocketError = (error) => {
      this.reason ??= sentenceOf(error, this.server);
      onSocketError.call(manager, error);
    };
    manager.onSocketData = (bytes) => {
      try {
        onSocketData.call(manager, bytes);
      } catch (error) {
        this.end(`an answer cannot be understood: ${(error as Error).message}`);
      }
    };
    manager.on('state', (state) => this.onState(state));
  }

  private onState(state: number): void {
    const reason = REASONS[state];
    if (reason) this.end(reason);
    if (state === CLOSED) this.closed(this.reason ?? this.server);
    if (state === DISCONNECTED) this.end('the server closed the connection');
  }

  private connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.add(reject);
      this.manager.on('state', (state) => {
        if (state !== CONNECTED) return;
        this.waiting.delete(reject);
        resolve();
      });
      this.client.connect();
    });
  }

  /** The library pings but does not look for the answer. */
  private watchOver(): void {
    const every = Math.max(100, Math.floor(this.client.getSessionTimeout() / 3));
    this.probe = setInterval(() => {
      if (this.unanswered >= 2) return this.end(`the server has been silent for ${2 * every} ms`);
      this.unanswered++;
      this.exists('/').then(
        () => {
          this.unanswered = 0;
        },
        // `ended` tells why.
        () => clearInterval(this.probe),
      );
    }, every);
  }

  /** Once; what comes later is a consequence. */
  private end(reason: string): void {
    clearInterval(this.probe);
    this.reason ??= `${this.server}: ${reason}`;
    if (this.manager.connectTimeoutHandler) clearTimeout(this.manager.connectTimeoutHandler);
    this.manager.connect = () => this.manager.setState(CLOSED);
    this.manager.socket?.destroy();
    this.rejectAll();
  }

  private rejectAll(): void {
    const error = new ConnectionLostError(this.reason);
    for (const reject of this.waiting) reject(error);
    this.waiting.clear();
  }

  private ask<T>(
    send: (done: (error: Error | Exception | null, value: T) => void) => void,
  ): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      if (this.reason !== undefined) return reject(new ConnectionLostError(this.reason));
      this.waiting.add(reject);
      send((error, value) => {
        this.waiting.delete(reject);
        if (!error) resolve(value);
        else if (error instanceof Exception) settle(error, resolve, reject);
        else reject(error);
      });
    });
  }
}

function settle(
  { code, name }: Exception,
  resolve: (value: undefined) => void,
  reject: (error: Error) => void,
): void {
  if (code === Exception.NO_NODE) resolve(undefined);
  else if (code === Exception.NO_AUTH) reject(new NoAuthError('its ACL forbids to read it'));
  else if (code === Exception.CONNECTION_LOSS || code === Exception.SESSION_EXPIRED)
    reject(new ConnectionLostError('the connection is lost'));
  else reject(new Error(`the server answers ${name} (${code})`));
}
