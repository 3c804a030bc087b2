/** The gRPC server: connections, their keep-alive, and calls by path. */

import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { GrpcStream, STATUS } from './grpc-stream';

export interface GrpcServerOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Absent: plaintext. */
  readonly tls?: SecureContextOptions;
  /** What is served, by path. `peer`: address and port of the other end. */
  readonly methods: Readonly<Record<string, (stream: GrpcStream, peer: string) => void>>;
}

/** A client that does not answer a ping in time is gone. Its own pings are answered by Node, however many. */
const PING_EVERY_MS = 30_000;
const PING_TIMEOUT_MS = 20_000;
/** Requests are small, but there may be many at once; 64 KiB would be a round trip for each few. */
const settings = { initialWindowSize: 1 << 20, maxConcurrentStreams: 1_000, enablePush: false };
/** Node counts what waits to be sent, and refuses further calls of a connection beyond 10 MB; a response may be larger. */
const maxSessionMemory = Number.MAX_SAFE_INTEGER;

export class GrpcServer {
  private readonly server: Http2Server | Http2SecureServer;
  private readonly sessions = new Set<ServerHttp2Session>();

  constructor(private readonly options: GrpcServerOptions) {
    const { tls } = options;
    this.server = tls
      ? createSecureServer({ ...tls, settings, maxSessionMemory })
      : createServer({ settings, maxSessionMemory });
    this.server.on('session', (session: ServerHttp2Session) => this.accept(session));
    this.server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) =>
      this.call(stream, headers),
    );
  }

  get port(): number {
    return (this.server.address() as AddressInfo | null)?.port ?? 0;
  }

  /** Rejects with what the system says. */
  listen(): Promise<void> {
    const { host, port } = this.options;
    return new Promise((resolve, reject) => {
      // Stays: what fails later is one connection's accepting, after which others come.
      this.server.on('error', reject);
      this.server.listen({ host, port }, resolve);
    });
  }

  /** For new connections. */
  replaceCertificate(tls: SecureContextOptions): void {
    if ('setSecureContext' in this.server) this.server.setSecureContext(tls);
  }

  /** Takes no new connection, lets open ones end for `ms`, and closes what is left then. */
  async close(ms: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    for (const session of this.sessions) session.close();
    const late = setTimeout(() => {
      for (const session of this.sessions) session.destroy();
    }, ms);
    await closed;
    clearTimeout(late);
  }

  private accept(session: ServerHttp2Session): void {
    this.sessions.add(session);
    let answered = true;
    const timer = setInterval(() => {
      if (!answered) return;
      answered = false;
      const late = setTimeout(() => session.destroy(), PING_TIMEOUT_MS);
      late.unref();
      const sent = session.ping(() => {
        answered = true;
        clearTimeout(late);
      });
      if (!sent) session.destroy();
    }, PING_EVERY_MS);
    timer.unref();
    // What breaks a connection is told by its streams.
    session.on('error', () => session.destroy());
    session.on('close', () => {
      clearInterval(timer);
      this.sessions.delete(session);
    });
  }

  private call(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const path = headers[':path'] ?? '';
    const method = Object.hasOwn(this.options.methods, path) ? this.options.methods[path] : undefined;
    const isGrpc = headers['content-type']?.startsWith('application/grpc') === true;
    if (!isGrpc) {
      stream.on('error', () => stream.destroy());
      stream.respond({ ':status': 415 }, { endStream: true });
      return;
    }
    const call = new GrpcStream(stream, headers);
    if (method) {
      const { remoteAddress = '', remotePort = 0 } = stream.session?.socket ?? {};
      method(call, `${remoteAddress}:${remotePort}`);
      return;
    }
    call.open({ message: () => undefined, closed: () => undefined });
    call.end(STATUS.unimplemented, `there is no ${path}`);
  }
}
