/**
 * The application's request: Node's own ClientRequest with a few methods on a prototype of ours. Everything of one
 * call is in its Exchange; a request without one (before parking, or handed to its own agent) is Node's alone.
 */

import type { IncomingMessage } from 'node:http';
import type { Exchange } from './exchange';
import { NativeClientRequest, type NodeRequest, native, type Output } from './internals';
import { onClose, onError, onResponse, onTunnel } from './outcome';

export const kExchange = Symbol('inmesh.exchange');

export interface MeshRequest extends NodeRequest {
  [kExchange]?: Exchange;
}

type Native = NodeRequest & {
  emit(...args: unknown[]): boolean;
  end(...args: unknown[]): unknown;
  destroy(error?: Error): unknown;
  setTimeout(...args: unknown[]): unknown;
};
const prototype = NativeClientRequest.prototype as unknown as Native;
// Documented methods are looked up at each call: what the application or its agents have patched in must be seen.
const {
  implicitHeader: nativeImplicitHeader,
  finish: nativeFinish,
  send: nativeSend,
  listenerCount: nativeListenerCount,
} = native;

function emitSocket(request: MeshRequest, socket: unknown): boolean {
  return Reflect.apply(prototype.emit, request, ['socket', socket]);
}

/** Node's `emit` for a request of ours. */
export function emitNative(request: MeshRequest, ...args: unknown[]): boolean {
  return Reflect.apply(prototype.emit, request, args);
}

/** A constructor like Node's own: a function, so that the state may be set while Node's runs. */
export const MeshClientRequest = function MeshClientRequest(
  this: MeshRequest,
  options: unknown,
  callback: unknown,
) {
  (NativeClientRequest as unknown as (this: unknown, ...args: unknown[]) => void).call(
    this,
    options,
    callback,
  );
} as unknown as new (
  options: unknown,
  callback: unknown,
) => MeshRequest;

MeshClientRequest.prototype = Object.create(NativeClientRequest.prototype, {
  constructor: { value: NativeClientRequest, writable: true, configurable: true },
});

Object.setPrototypeOf(MeshClientRequest, NativeClientRequest);

const methods = {
  emit(this: MeshRequest, event: string | symbol, first?: unknown, second?: unknown): boolean {
    const exchange = this[kExchange];
    if (exchange !== undefined && typeof event === 'string') {
      switch (event) {
        case 'response':
          if (!onResponse(exchange, first as IncomingMessage)) return false;
          break;
        case 'error':
          if (onError(exchange)) return true;
          break;
        case 'close':
          if (onClose(exchange)) return true;
          break;
        case 'socket':
          if (exchange.socketShown) {
            exchange.timers.idleOn(this);
            return true;
          }
          exchange.socketShown = true;
          if (exchange.headEndedLate && nativeListenerCount.call(this, 'socket') > 0) {
            return exchange.withOpenHead(emitSocket, first);
          }
          break;
        case 'continue':
          exchange.continueHidden = exchange.continueShown;
          if (exchange.continueHidden) return true;
          exchange.continueShown = true;
          break;
        case 'information':
          // Node tells of each 100 twice.
          if (exchange.continueHidden && (first as { statusCode: number }).statusCode === 100) return true;
          break;
        case 'upgrade':
        case 'connect':
          onTunnel(exchange, first as IncomingMessage, second as import('node:net').Socket);
          break;
      }
    }
    return Reflect.apply(prototype.emit, this, arguments);
  },

  _implicitHeader(this: MeshRequest): void {
    nativeImplicitHeader.call(this);
    this[kExchange]?.headFinal();
  },

  _send(
    this: MeshRequest,
    data: string | Uint8Array,
    encoding?: string | null,
    callback?: Output['callback'],
    byteLength?: number,
  ): boolean {
    const recorder = this[kExchange]?.recorder;
    if (recorder === undefined) return nativeSend.call(this, data, encoding, callback, byteLength);
    const written = recorder.record(data, encoding ?? null, callback ?? null);
    // Between two attempts the record alone keeps it.
    if (this[kExchange]!.broken) return false;
    return nativeSend.call(this, data, encoding, written, byteLength);
  },

  _finish(this: MeshRequest): void {
    const exchange = this[kExchange];
    if (exchange !== undefined) {
      // Sent again is not finished again: diagnostics and tracing count calls of the application.
      if (exchange.finishSeen) return;
      exchange.finishSeen = true;
    }
    nativeFinish.call(this);
  },

  end(this: MeshRequest): unknown {
    const result = Reflect.apply(prototype.end, this, arguments);
    this[kExchange]?.requestEnded();
    return result;
  },

  destroy(this: MeshRequest, error?: Error): unknown {
    const exchange = this[kExchange];
    if (exchange === undefined) return prototype.destroy.call(this, error);
    // A socket that broke has marked the request; the application has not destroyed it yet.
    if (exchange.broken) this.destroyed = false;
    else if (this.destroyed) return this;
    exchange.destroyedByApplication = true;
    prototype.destroy.call(this, error);
    if (exchange.waiting) exchange.cancelled(error);
    return this;
  },

  setTimeout(this: MeshRequest, ms: unknown): unknown {
    const result = Reflect.apply(prototype.setTimeout, this, arguments);
    if (typeof ms === 'number') this[kExchange]?.timers.setIdle(ms);
    return result;
  },
};

for (const [name, value] of Object.entries(methods)) {
  // Enumerable as Node's own: `for … in` must find them.
  const descriptor = { value, writable: true, enumerable: true, configurable: true };
  Object.defineProperty(MeshClientRequest.prototype, name, descriptor);
}

/** Makes a request that somebody else's wrapper constructed one of ours. False: it is of a class of its own. */
export function adopt(request: NodeRequest): boolean {
  const prototype = Object.getPrototypeOf(request);
  if (prototype === MeshClientRequest.prototype) return true;
  if (prototype !== NativeClientRequest.prototype) return false;
  Object.setPrototypeOf(request, MeshClientRequest.prototype);
  return true;
}

/** Makes it Node's alone again. */
export function release(request: MeshRequest): void {
  request[kExchange] = undefined;
  Object.setPrototypeOf(request, NativeClientRequest.prototype);
}
