/** The upstreams of all cases: servers that write down what they saw and do what the request asks for. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { freePort, LabProcess } from '../../../lab';
import { Certificates } from './certificates';
import { type Step, stepFor } from './steps';

/** Headers of the harness itself; never part of what a backend saw. */
export const KEY = 'x-key';
export const DO = 'x-do';

/** One request as a backend saw it. */
export interface Seen {
  readonly backend: string;
  readonly method: string;
  readonly path: string;
  /** As on the wire, without the harness' own. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** SNI and the client's name, of TLS. */
  readonly tls: string;
  /** Serial number of the connection. */
  readonly connection: number;
}

const NAMES = ['b1', 'b2', 'b3', 'b4', 'b5', 'b6'];
/** They speak TLS; the last one wants a certificate of the client's. */
const SECURE_NAMES = ['s1', 's2', 's3'];
const MUTUAL = 's3';
const BODY_SHOWN = 64;
/** More than any accept queue of one place holds. */
const FILLERS = 8;

export class Backends {
  /** Ports by name: `b1` … `b6`, `s1` … `s3`, `refused`, `stuck`. */
  readonly ports = new Map<string, number>();
  readonly certificates = new Certificates();
  private readonly servers: Server[] = [];
  private readonly sockets = new Set<Socket>();
  /** Attempt counts of calls whose connection a backend broke. */
  private readonly broken = new Map<string, unknown>();
  private readonly byKey = new Map<string, Seen[]>();
  private connections = 0;
  private stuck: LabProcess | undefined;

  async start(): Promise<void> {
    for (const name of [...NAMES, ...SECURE_NAMES]) this.ports.set(name, await this.serve(name));
    this.ports.set('refused', await freePort());
    this.ports.set('stuck', await this.fill());
  }

  /** What the calls with this key did, in order of arrival. */
  seen(key: string): readonly Seen[] {
    return this.byKey.get(key) ?? [];
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(this.servers.map((server) => new Promise((resolve) => server.close(resolve))));
    await this.stuck?.kill();
    this.certificates.remove();
  }

  private serve(name: string): Promise<number> {
    const serials = new WeakMap<Socket, number>();
    const secure = SECURE_NAMES.includes(name);
    const server = secure ? createTlsServer(this.certificates.server(name === MUTUAL)) : createServer();
    server.keepAliveTimeout = 60_000;
    server.on('request', (request, response) => {
      void this.answer(name, serials.get(request.socket) ?? 0, request, response);
    });
    server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
      serials.set(socket, ++this.connections);
      this.keep(socket);
    });
    this.servers.push(server);
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    // A peer that goes away is part of many cases; what became of the call is compared at the client.
    socket.on('error', () => this.sockets.delete(socket));
  }

  private async answer(
    name: string,
    connection: number,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const key = String(request.headers[KEY] ?? '');
    const steps = request.headers[DO];
    const seen = this.byKey.get(key) ?? [];
    this.byKey.set(key, seen);
    const entry = { ...head(name, connection, request), body: '' };
    // The same attempt once more, after its connection broke: it takes the place of the first.
    const again = this.broken.get(key) === request.headers['x-envoy-attempt-count'];
    if (again) seen.pop();
    this.broken.delete(key);
    seen.push(entry);
    const hit = seen.indexOf(entry);
    const ownHit = seen.slice(0, hit).filter(({ backend }) => backend === name).length;
    const step = stepFor(steps === undefined ? undefined : JSON.parse(String(steps)), name, hit, ownHit);
    if (step.early) {
      // How much of the body still comes is chance.
      request.on('error', () => request.destroy()).resume();
    } else {
      try {
        entry.body = await bodyOf(request);
      } catch {
        // The client went away in the middle of its body: nobody waits for an answer.
        return;
      }
    }
    if (step.act === 'reset' || step.act === 'close') {
      this.broken.set(key, request.headers['x-envoy-attempt-count']);
    }
    if (step.delay !== undefined) await pause(step.delay);
    perform(step, name, response);
  }

  /** A port that takes no connection and refuses none: nobody accepts, and the queue is full. */
  private async fill(): Promise<number> {
    const program = `
      const server = require('node:net').createServer();
      server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
        require('node:fs').writeSync(1, server.address().port + '\\n');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      });`;
    let port = 0;
    this.stuck = new LabProcess('stuck', process.execPath, ['-e', program], {
      onLine: (line) => {
        port = Number(line);
      },
    });
    await this.stuck.untilReady(async () => port > 0);
    for (let i = 0; i < FILLERS; i++) this.keep(connect(port, '127.0.0.1'));
    await pause(50);
    return port;
  }
}

function head(backend: string, connection: number, request: IncomingMessage): Omit<Seen, 'body'> {
  const headers: [string, string][] = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const [header, value] = [request.rawHeaders[i]!, request.rawHeaders[i + 1]!];
    if (header.toLowerCase() !== KEY && header.toLowerCase() !== DO) headers.push([header, value]);
  }
  const [method, path] = [request.method ?? '', request.url ?? ''];
  return { backend, connection, method, path, headers, tls: tlsOf(request.socket) };
}

function tlsOf(socket: Socket): string {
  const { encrypted, servername } = socket as Partial<TLSSocket>;
  if (!encrypted) return '';
  const client = (socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'nobody';
  return `${(socket as TLSSocket).getProtocol()} for ${servername || 'no name'} from ${client}`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = Buffer.concat(parts).toString('latin1');
  return body.length <= BODY_SHOWN ? body : `${body.slice(0, BODY_SHOWN)}… ${body.length} bytes`;
}

function perform(step: Step, name: string, response: ServerResponse): void {
  const { socket } = response;
  if (step.act === 'hang' || socket === null) return;
  if (step.act === 'reset') return void socket.resetAndDestroy();
  if (step.act === 'close') return void socket.destroy();
  const body = typeof step.body === 'number' ? 'x'.repeat(step.body) : (step.body ?? name);
  response.setHeader('content-type', 'text/echo');
  for (const [header, value] of Object.entries(step.headers ?? {})) response.setHeader(header, value);
  response.setHeader('content-length', Buffer.byteLength(body));
  response.writeHead(step.status ?? 200);
  if (step.act !== 'break') return void response.end(body);
  response.write(body.slice(0, 1), () => socket.destroy());
}
