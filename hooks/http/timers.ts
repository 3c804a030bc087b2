/** The clocks of one call. None of them exists unless something asked for it. */

import type { Socket } from 'node:net';
import type { Call } from '../../src/call';
import { clearTimeout, setTimeout } from '../../src/observe/native';
import type { Exchange } from './exchange';
import type { CarryingSocket } from './internals';
import { overallTimeout, perTryTimeout } from './outcome';
import { Phase } from './phase';
import { emitNative, type MeshRequest } from './request';

export class Timers {
  private idleMs = 0;
  private idle: NodeJS.Timeout | undefined;
  private overall: NodeJS.Timeout | undefined;
  private perTry: NodeJS.Timeout | undefined;
  private wait: NodeJS.Timeout | undefined;

  constructor(private readonly exchange: Exchange) {}

  /** The application's own timeout: counts while we are in charge, the socket's afterwards (decision 6). */
  setIdle(ms: number): void {
    this.idleMs = ms;
    this.stopIdle();
    if (this.exchange.waiting) this.resumeIdle();
  }

  resumeIdle(): void {
    if (this.idleMs <= 0 || this.idle !== undefined) return;
    this.idle = setTimeout(idleFired, this.idleMs, this.exchange);
    this.idle.unref();
  }

  /** The attempt has its connection. */
  flying(socket: Socket): void {
    this.stopIdle();
    const { exchange } = this;
    if (this.idleMs > 0) socket.setTimeout(this.idleMs);
    if (exchange.complete && !exchange.local) this.startPerTry();
  }

  /** Node listens for a socket's timeout once per request; for a second socket it is done here. */
  idleOn(request: MeshRequest): void {
    const { socket } = request;
    if (this.idleMs <= 0 || socket === null) return;
    request.timeoutCb ??= socketIdle;
    const listener = request.timeoutCb as () => void;
    if (!socket.listeners('timeout').includes(listener)) socket.once('timeout', listener);
  }

  /** A socket that was shown and is not used after all must not report to a request that uses it later. */
  idleOff(request: MeshRequest, socket: Socket | null): void {
    if (request.timeoutCb) socket?.removeListener('timeout', request.timeoutCb as () => void);
  }

  /** The application's request is complete: route and per-try timeouts run from here, as in Envoy. */
  requestSent(call: Call): void {
    call.requestSent(this.exchange.parking.now());
    if (call.timeoutMs > 0 && this.overall === undefined) {
      this.overall = setTimeout(overallFired, call.timeoutMs, this.exchange);
    }
    if (this.exchange.phase === Phase.FLYING && !this.exchange.local) this.startPerTry();
  }

  backOff(ms: number): void {
    this.wait = setTimeout(backOffOver, ms, this.exchange);
  }

  /** Of a fault; keeps the process alive. */
  delay(ms: number): void {
    this.wait = setTimeout(delayOver, ms, this.exchange);
  }

  /** An answer came, or the attempt is given up. */
  attemptOver(): void {
    if (this.perTry === undefined) return;
    clearTimeout(this.perTry);
    this.perTry = undefined;
  }

  clear(): void {
    this.stopIdle();
    this.attemptOver();
    if (this.overall !== undefined) clearTimeout(this.overall);
    if (this.wait !== undefined) clearTimeout(this.wait);
    this.overall = undefined;
    this.wait = undefined;
  }

  /** What waits for another attempt is not needed any more. */
  stopWaiting(): void {
    if (this.wait !== undefined) clearTimeout(this.wait);
    this.wait = undefined;
  }

  private startPerTry(): void {
    const ms = this.exchange.attempt?.perTryTimeoutMs ?? 0;
    if (ms > 0 && this.perTry === undefined) this.perTry = setTimeout(perTryFired, ms, this.exchange);
  }

  private stopIdle(): void {
    if (this.idle === undefined) return;
    clearTimeout(this.idle);
    this.idle = undefined;
  }
}

function idleFired(exchange: Exchange): void {
  if (exchange.waiting) exchange.runInAsyncScope(emitNative, undefined, exchange.request, 'timeout');
}

function socketIdle(this: CarryingSocket): void {
  (this._httpMessage as MeshRequest | null)?.emit('timeout');
}

function overallFired(exchange: Exchange): void {
  exchange.parking.guard(exchange, overallTimeout, exchange);
}

function perTryFired(exchange: Exchange): void {
  exchange.parking.guard(exchange, perTryTimeout, exchange);
}

function delayOver(exchange: Exchange): void {
  if (exchange.phase === Phase.DELAYED) exchange.parking.guard(exchange, exchange.delayOver, undefined);
}

function backOffOver(exchange: Exchange): void {
  if (exchange.phase === Phase.BACKING_OFF) exchange.parking.guard(exchange, exchange.advance, undefined);
}
