/** Handing sockets to requests and taking them back, as Node's own agent does. */

import type { Socket } from 'node:net';
import { Connection } from '../../src/transport';
import { now } from './clock';
import { type CarryingSocket, native } from './internals';
import { emitNative, kExchange, type MeshRequest } from './request';

/** Node's error for a connection that ended too early. */
export function connectionReset(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
}

/** Runs in the request's own context. */
export function handOver(request: MeshRequest, socket: Socket): void {
  resetHandle(socket);
  request.onSocket(socket);
}

/** The last events of a request that never had a socket. */
export function closeUnused(request: MeshRequest, error: Error | undefined): void {
  if (error !== undefined) emitNative(request, 'error', error);
  request._closed = true;
  emitNative(request, 'close');
}

/** 'socket' without Node's machinery behind it: nothing can be written yet. */
export function showEarly(request: MeshRequest, socket: Socket): void {
  request.socket = socket;
  const exchange = request[kExchange];
  if (exchange === undefined || exchange.socketShown) return;
  exchange.socketShown = true;
  emitNative(request, 'socket', socket);
}

interface Handle {
  asyncReset?(resource: object): void;
  readonly _parent?: Handle;
}

/** The handle's events belong to the call that uses it now, not to the one that connected it. */
function resetHandle(socket: Socket): void {
  const handle = (socket as unknown as { _handle: Handle | null })._handle;
  if (handle === null || typeof handle?.asyncReset !== 'function') return;
  handle.asyncReset({ handle });
  // TLS stands on a handle of TCP, whose end is its own.
  const { _parent: below } = handle;
  if (typeof below?.asyncReset === 'function') below.asyncReset({ handle: below });
}

/** Once per connection: where it goes when its request is done with it. */
export function watchSocket(socket: Socket): void {
  socket.on('free', onFree);
  socket.on('agentRemove', onAgentRemove);
  socket.emit = emitOfConnection as typeof socket.emit;
}

const { emitOfSocket } = native;

/**
 * A failure before the response is policy's to judge: Node's own listener says it to the request, and when another
 * attempt or a local reply follows, listeners of the application on the socket itself (axios has one) hear nothing.
 */
function emitOfConnection(this: CarryingSocket, event: string | symbol, error?: unknown): boolean {
  if (event !== 'error') return Reflect.apply(emitOfSocket, this, arguments);
  const exchange = (this._httpMessage as MeshRequest | null | undefined)?.[kExchange];
  if (exchange === undefined || exchange.broken) return Reflect.apply(emitOfSocket, this, arguments);
  const listeners = this.rawListeners('error');
  // The application's may be older than Node's, which comes anew with every request.
  const own = listeners.findIndex(({ name }) => name === 'socketErrorListener');
  if (own < 0) return Reflect.apply(emitOfSocket, this, arguments);
  Reflect.apply(listeners[own]!, this, [error]);
  if (exchange.broken) return true;
  for (let i = 0; i < listeners.length; i++) if (i !== own) Reflect.apply(listeners[i]!, this, [error]);
  return true;
}

interface Carried {
  shouldKeepAlive?: boolean;
  res?: { rawHeaders: readonly string[] } | null;
}

/** Read from the lines: `headers` makes an object of all of them, which an application may never ask for. */
function keepAliveHint(carried: Carried | null | undefined): string | undefined {
  const lines = carried?.res?.rawHeaders;
  if (lines === undefined) return undefined;
  for (let i = 0; i < lines.length; i += 2) {
    if (lines[i]!.length === 10 && lines[i]!.toLowerCase() === 'keep-alive') return lines[i + 1];
  }
  return undefined;
}

function onFree(this: CarryingSocket): void {
  const carried = this._httpMessage as Carried | null | undefined;
  this._httpMessage = null;
  if (carried?.shouldKeepAlive === false) this.destroy();
  else Connection.of(this)?.release(now(), keepAliveHint(carried));
}

function onAgentRemove(this: Socket): void {
  this.removeListener('free', onFree);
  this.removeListener('agentRemove', onAgentRemove);
  Connection.of(this)?.detach();
}
