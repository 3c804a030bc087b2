/** An HTTP server that does what the request's path says, for the hook's fixtures. */

import { createHash } from 'node:crypto';
import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  body: string;
  trailers: NodeJS.Dict<string>;
  /** Number of the connection, from 1. */
  readonly connection: number;
}

export interface Backend {
  readonly port: number;
  readonly seen: Seen[];
  readonly server: http.Server;
  connections: number;
  close(): Promise<void>;
}

/**
 * Paths: `/echo` (what was seen, as JSON), `/status/<code>`, `/fail/<key>/<n>/<code>` (the first n get the code),
 * `/reset/<key>/<n>` (the first n are reset), `/hang`, `/slow/<ms>`, `/half` (breaks off in the body), `/bytes/<n>`,
 * `/hash` (SHA-256 of the body), `/trailers`, `/early` (103 first), `/early-503` (before the body is read),
 * `/close` (`connection: close`), `/garbage`. `options`: of the server.
 */
export async function startBackend(
  options: { keepAliveTimeoutMs?: number; name?: string; tls?: https.ServerOptions } = {},
): Promise<Backend> {
  const seen: Seen[] = [];
  const counts = new Map<string, number>();
  const ids = new WeakMap<object, number>();
  const sockets = new Set<Socket>();
  const { tls } = options;
  const server = tls === undefined ? http.createServer() : https.createServer(tls);
  server.keepAliveTimeout = options.keepAliveTimeoutMs ?? 5_000;
  const backend: Backend = {
    port: 0,
    seen,
    server,
    connections: 0,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    ids.set(socket, ++backend.connections);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  const handle = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    const entry: Seen = {
      method: request.method!,
      url: request.url!,
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: '',
      trailers: {},
      connection: ids.get(request.socket) ?? 0,
    };
    seen.push(entry);
    act(request, response, entry, counts, options.name ?? 'backend');
  };
  server.on('request', handle);
  server.on('checkContinue', (request, response) => {
    if (request.url === '/no-continue') {
      response.writeHead(417, { 'content-length': 0 });
      response.end();
      return;
    }
    response.writeContinue();
    handle(request, response);
  });
  server.on('upgrade', (request, socket) => {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\nx-attempt: ${request.headers['x-envoy-attempt-count'] ?? ''}\r\n\r\n`,
    );
    socket.pipe(socket);
    socket.on('error', () => socket.destroy());
  });
  server.on('connect', (_request, socket) => {
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    socket.pipe(socket);
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  (backend as { port: number }).port = (server.address() as AddressInfo).port;
  return backend;
}

function act(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  entry: Seen,
  counts: Map<string, number>,
  name: string,
): unknown {
  const [, verb, first, second, third] = request.url!.split(/[/?]/);
  const count = (counts.get(`${verb}/${first}`) ?? 0) + 1;
  counts.set(`${verb}/${first}`, count);
  response.setHeader('x-backend', name);
  switch (verb) {
    case 'status':
      return whenRead(request, entry, () => answer(response, Number(first), `status ${first}`));
    case 'fail':
      return whenRead(request, entry, () =>
        count <= Number(second) ? answer(response, Number(third), 'not yet') : echo(response, entry),
      );
    case 'reset':
      return whenRead(request, entry, () =>
        count <= Number(second) ? request.socket.destroy() : echo(response, entry),
      );
    case 'hang':
      request.resume();
      return;
    case 'slow':
      return whenRead(request, entry, () => setTimeout(() => echo(response, entry), Number(first)));
    case 'half':
      response.writeHead(200, { 'content-length': 100 });
      response.write('half');
      setTimeout(() => request.socket.destroy(), 20);
      return;
    case 'bytes':
      return whenRead(request, entry, () => sendBytes(response, Number(first)));
    case 'hash':
      return hashBody(request, response);
    case 'trailers':
      return whenRead(request, entry, () => {
        response.writeHead(200, { trailer: 'x-after' });
        response.write('body');
        response.addTrailers({ 'x-after': 'yes' });
        response.end();
      });
    case 'early':
      (response as { writeEarlyHints?: (hints: object) => void }).writeEarlyHints?.({
        link: '</a>; rel=preload',
      });
      return whenRead(request, entry, () => echo(response, entry));
    case 'early-503':
      if (count <= 1) {
        answer(response, 503, 'early');
        return;
      }
      return hashBody(request, response);
    case 'close':
      response.setHeader('connection', 'close');
      return whenRead(request, entry, () => echo(response, entry));
    case 'garbage':
      request.socket.end('this is not HTTP\r\n\r\n');
      return;
    default:
      return whenRead(request, entry, () => echo(response, entry));
  }
}

function whenRead(request: http.IncomingMessage, entry: Seen, then: () => unknown): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    entry.body = Buffer.concat(chunks).toString();
    entry.trailers = request.trailers;
    then();
  });
}

function answer(response: http.ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function echo(response: http.ServerResponse, entry: Seen): void {
  answer(response, 200, JSON.stringify(entry));
}

function sendBytes(response: http.ServerResponse, bytes: number): void {
  response.writeHead(200, { 'content-length': bytes });
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let left = bytes;
  const more = (): void => {
    while (left > 0) {
      const part = left < chunk.length ? chunk.subarray(0, left) : chunk;
      left -= part.length;
      if (!response.write(part) && left > 0) {
        response.once('drain', more);
        return;
      }
    }
    response.end();
  };
  more();
}

function hashBody(request: http.IncomingMessage, response: http.ServerResponse): void {
  const hash = createHash('sha256');
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    bytes += chunk.length;
  });
  request.on('end', () => answer(response, 200, `${bytes} ${hash.digest('hex')}`));
}
