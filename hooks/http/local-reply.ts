/** Answers in place of an upstream's, as bytes over a socket that is none, so that Node parses them like any other. */

import { STATUS_CODES } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import type { LocalReply } from '../../src/call';
import { setImmediate } from '../../src/observe/native';

/** The whole answer as bytes. A HEAD request gets no body, whatever `content-length` says. */
export function replyBytes(reply: LocalReply, method: string): Buffer {
  let head = `HTTP/1.1 ${reply.status} ${reasonOf(reply.status)}\r\n`;
  for (const [name, value] of reply.headers) head += `${name}: ${value}\r\n`;
  const bodiless = method === 'HEAD' || reply.status === 204 || reply.status === 304 || reply.status < 200;
  return Buffer.concat([
    Buffer.from(`${head}\r\n`, 'latin1'),
    bodiless ? Buffer.alloc(0) : Buffer.from(reply.body, 'utf8'),
  ]);
}

/** Envoy's phrase: Node's, but for the codes that Envoy does not know. */
function reasonOf(status: number): string {
  return (status === 418 ? undefined : STATUS_CODES[status]) ?? 'Unknown';
}

const LOCAL: AddressInfo = { address: '127.0.0.1', family: 'IPv4', port: 0 };

type Done = (error?: Error | null) => void;

/**
 * A net.Socket without a connection: the whole surface is Node's own (decision 5: a bare Duplex crashes
 * `req.setNoDelay`). Swallows what is written and answers once the request's first byte came.
 */
export class LocalReplySocket extends Socket {
  private answered = false;

  constructor(
    private readonly bytes: Buffer,
    secure: boolean,
  ) {
    super();
    if (secure) Object.assign(this, TLS_SURFACE);
    this.once('free', this.destroy);
  }

  override _read(): void {
    return;
  }

  override _write(_data: unknown, _encoding: string, callback: Done): void {
    this.answer();
    callback();
  }

  override _writev(_chunks: unknown, callback: Done): void {
    this.answer();
    callback();
  }

  override _final(callback: Done): void {
    callback();
  }

  override setNoDelay(): this {
    return this;
  }

  override setKeepAlive(): this {
    return this;
  }

  override ref(): this {
    return this;
  }

  override unref(): this {
    return this;
  }

  override address(): AddressInfo {
    return LOCAL;
  }

  private answer(): void {
    if (this.answered) return;
    this.answered = true;
    // As from a network: after the events of what was written, 'finish' among them.
    setImmediate(pushBytes, this, this.bytes);
  }
}

for (const [name, value] of [
  ['remoteAddress', LOCAL.address],
  ['remoteFamily', LOCAL.family],
  ['remotePort', LOCAL.port],
  ['localAddress', LOCAL.address],
  ['localPort', LOCAL.port],
  ['pending', false],
  ['connecting', false],
] as const) {
  Object.defineProperty(LocalReplySocket.prototype, name, { value, writable: true, configurable: true });
}
Object.defineProperty(LocalReplySocket.prototype, 'readyState', { get: readyState, configurable: true });

function pushBytes(socket: Socket, bytes: Buffer): void {
  if (!socket.destroyed) socket.push(bytes);
}

function readyState(this: Socket): string {
  return this.destroyed ? 'closed' : 'open';
}

const TLS_SURFACE = {
  encrypted: true,
  authorized: true,
  authorizationError: null,
  alpnProtocol: false,
  servername: false,
  getPeerCertificate: () => ({}),
  getPeerX509Certificate: () => undefined,
  getCertificate: () => ({}),
  getCipher: () => ({ name: '(NONE)', standardName: '(NONE)', version: '(NONE)' }),
  getProtocol: () => null,
  getSession: () => undefined,
  getTLSTicket: () => undefined,
  getEphemeralKeyInfo: () => ({}),
  getFinished: () => undefined,
  getPeerFinished: () => undefined,
  getSharedSigalgs: () => [],
  isSessionReused: () => false,
  setMaxSendFragment: () => true,
  setServername: () => undefined,
  exportKeyingMaterial: () => Buffer.alloc(0),
  renegotiate: () => false,
  enableTrace: () => undefined,
  disableRenegotiation: () => undefined,
};
