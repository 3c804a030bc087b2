/** Proxies between a client and its registry that keep what the client says, without what differs from run to run. */

import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Recorder {
  /** In place of the registry's, `127.0.0.1:port`. */
  readonly address: string;
  /** What the client has said, in order. */
  readonly said: readonly string[];
  stop(): Promise<void>;
}

/** Requests as they are sent, headers in their order; Nacos' pushes go through it too, and their acknowledgements. */
export async function recordHttp(registry: string): Promise<Recorder> {
  const said: string[] = [];
  const udp = new UdpRelay(said);
  const server = createHttpServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method, url = '/', rawHeaders, httpVersion } = incoming;
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const headers: string[] = [];
    for (let i = 0; i < rawHeaders.length; i += 2) headers.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
    const text = [`${method} ${url} HTTP/${httpVersion}`, ...headers, '', body.toString()].join('\n');
    said.push(withoutChance(text.replaceAll(address(), '<registry>')));
    const [host, port] = registry.split(':');
    const path = await udp.relayed(url);
    const inner = request({ host, port, method, path, headers: rawHeaders as never }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.rawHeaders as never);
      response.pipe(outgoing);
    });
    // A registry that is away is away for the client too; a client that hangs up hangs up on the registry.
    inner.on('error', () => outgoing.destroy());
    outgoing.on('close', () => inner.destroy());
    inner.end(body);
  }
  const address = () => `127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: address(),
    said,
    async stop() {
      udp.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** UDP ports, request ids, times. */
function withoutChance(text: string): string {
  return text
    .replace(/udpPort=\d+/g, 'udpPort=<port>')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
    .replace(/\b\d{13,19}\b/g, '<time>');
}

/** One socket between the registry's pushes and the client that asked for them. */
class UdpRelay {
  private socket: Promise<UdpSocket> | undefined;
  private client = 0;
  private registry = 0;

  constructor(private readonly said: string[]) {}

  /** The path with its own port in place of the client's. */
  async relayed(path: string): Promise<string> {
    const port = Number(/[?&]udpPort=(\d+)/.exec(path)?.[1] ?? 0);
    if (port === 0) return path;
    this.client = port;
    this.socket ??= this.open();
    return path.replace(/udpPort=\d+/, `udpPort=${(await this.socket).address().port}`);
  }

  stop(): void {
    void this.socket?.then((socket) => socket.close());
  }

  private async open(): Promise<UdpSocket> {
    const socket = createSocket('udp4');
    socket.on('message', (message, { port }) => {
      if (port === this.client) {
        this.said.push(withoutChance(`UDP ${message}`));
        socket.send(message, this.registry, '127.0.0.1');
      } else {
        this.registry = port;
        socket.send(message, this.client, '127.0.0.1');
      }
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return socket;
  }
}

/** Frames of ZooKeeper's protocol, without their numbers, the session's id and password, and pings. */
export async function recordZooKeeper(registry: string): Promise<Recorder> {
  const said: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((inside) => {
    const [host, port] = registry.split(':');
    const outside = connect(Number(port), host);
    const frames = new Frames((frame, isFirst) => {
      const told = isFirst ? `connect ${connectOf(frame)}` : requestOf(frame);
      if (told !== undefined) said.push(told);
    });
    for (const socket of [inside, outside]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        inside.destroy();
        outside.destroy();
      });
    }
    inside.on('data', (bytes: Buffer) => frames.take(bytes));
    inside.pipe(outside).pipe(inside);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    said,
    stop: () => stopped(server, sockets),
  };
}

async function stopped(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
}

/** A stream cut into frames with their length before them. */
class Frames {
  private rest = Buffer.alloc(0);
  private isFirst = true;

  constructor(private readonly take1: (frame: Buffer, isFirst: boolean) => void) {}

  take(bytes: Buffer): void {
    this.rest = Buffer.concat([this.rest, bytes]);
    for (;;) {
      if (this.rest.length < 4) return;
      const end = 4 + this.rest.readInt32BE(0);
      if (this.rest.length < end) return;
      this.take1(this.rest.subarray(4, end), this.isFirst);
      this.isFirst = false;
      this.rest = this.rest.subarray(end);
    }
  }
}

const PING = -2;

/** Its xid is a number of requests so far. */
function requestOf(frame: Buffer): string | undefined {
  if (frame.readInt32BE(0) === PING) return undefined;
  return `type ${frame.readInt32BE(4)} ${frame.subarray(8).toString('latin1')}`;
}

/** Protocol version and time-out; what lies between and after is of the session. */
function connectOf(frame: Buffer): string {
  return `version ${frame.readInt32BE(0)} timeout ${frame.readInt32BE(12)}`;
}
