/** What becomes of an attempt: its response, its failure, its time-out. Called from the request's own `emit`. */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { LocalReply, ReplayState, Retry } from '../../src/call';
import type { Exchange } from './exchange';
import type { CarryingSocket } from './internals';
import { Phase } from './phase';
import { editResponse, readFrom, responseHeader } from './response';
import { abandon } from './rewind';

const REPLAYABLE: ReplayState = { replayable: true };
const LOST: ReplayState = { replayable: false };

/** Methods that may be sent twice on a connection that turned out to be dead (RFC 9110, 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

function replayState(exchange: Exchange): ReplayState {
  return exchange.recorder?.complete ? REPLAYABLE : LOST;
}

/** True: the application gets this response. False: another attempt will answer; Node reads this one away. */
export function onResponse(exchange: Exchange, response: IncomingMessage): boolean {
  const { call, parking } = exchange;
  exchange.timers.attemptOver();
  if (exchange.phase !== Phase.FLYING) return true;
  if (exchange.local || call === undefined || exchange.destroyedByApplication) {
    exchange.phase = Phase.DELIVERED;
    return true;
  }
  readFrom(response);
  const reaction = call.response(parking.now(), response.statusCode!, responseHeader, replayState(exchange));
  if (reaction.kind === 'deliver') {
    deliver(exchange);
    if (reaction.edits.length > 0) editResponse(response, reaction.edits);
    return true;
  }
  exchange.phase = Phase.BACKING_OFF;
  exchange.broken = true;
  abandon(exchange.request, response, false);
  process.nextTick(goOn, exchange, reaction);
  return false;
}

/** From here on nothing is kept or withheld. */
function deliver(exchange: Exchange): void {
  exchange.phase = Phase.DELIVERED;
  exchange.recorder?.drop();
  exchange.recorder = undefined;
}

/** Upgrade or CONNECT: the socket is the application's until it closes, and the call lasts as long. */
export function onTunnel(exchange: Exchange, response: IncomingMessage, socket: Socket): void {
  const { call, parking } = exchange;
  exchange.timers.attemptOver();
  if (exchange.phase !== Phase.FLYING) return;
  if (call !== undefined && !exchange.local) {
    readFrom(response);
    const reaction = call.response(parking.now(), response.statusCode!, responseHeader, LOST);
    if (reaction.kind === 'deliver' && reaction.edits.length > 0) editResponse(response, reaction.edits);
  }
  deliver(exchange);
  exchange.tunnel = true;
  socket.once('close', () => {
    call?.responseEnded(parking.now(), true);
    exchange.finish();
  });
}

/** True: the application does not hear of this error; an attempt failed, and policy says what comes next. */
export function onError(exchange: Exchange): boolean {
  if (exchange.phase !== Phase.FLYING || exchange.local || exchange.destroyedByApplication) return false;
  const { call, connection, parking, request } = exchange;
  // Node marks a socket that failed before it says so; other errors are the application's own (write after end).
  const failed = (request.socket as CarryingSocket | null)?._hadError === true;
  if (call === undefined || !failed) return false;
  exchange.timers.attemptOver();
  exchange.phase = Phase.BACKING_OFF;
  exchange.broken = true;
  if (connection !== undefined && isStale(exchange)) {
    exchange.refreshed = true;
    abandon(request, null, true);
    process.nextTick(goOn, exchange, undefined);
    return true;
  }
  const reaction = call.reset(parking.now(), 'connection-termination', replayState(exchange));
  abandon(request, null, true);
  process.nextTick(goOn, exchange, reaction);
  return true;
}

/** A reused connection that the peer had closed before it could have seen the request: once more, not counted. */
function isStale(exchange: Exchange): boolean {
  const { connection, recorder, request } = exchange;
  if (!connection!.reused || !connection!.silent || exchange.refreshed || !recorder?.complete) return false;
  return recorder.empty || IDEMPOTENT.has(request.method);
}

/** After Node is through with the socket that broke. */
function goOn(exchange: Exchange, reaction: Retry | LocalReply | undefined): void {
  if (exchange.phase === Phase.BACKING_OFF) exchange.parking.guard(exchange, resume, reaction);
}

function resume(this: Exchange, reaction: Retry | LocalReply | undefined): void {
  this.rewind();
  if (reaction === undefined) this.resend();
  else this.react(reaction);
}

/** True: the application does not hear of it; only an attempt's socket closed. */
export function onClose(exchange: Exchange): boolean {
  if (exchange.broken) {
    // Node marks the request as it closes the socket; the application may write on.
    exchange.request.destroyed = false;
    exchange.request._closed = false;
    return true;
  }
  if (exchange.tunnel) return false;
  if (exchange.phase === Phase.DELIVERED && !exchange.local) {
    const complete = exchange.request.res?.complete === true;
    const now = exchange.parking.now();
    exchange.call?.responseEnded(now, complete);
    exchange.finish(complete || !exchange.destroyedByApplication ? undefined : 'DC', now);
  } else exchange.finish(exchange.local ? undefined : 'DC');
  return false;
}

/** The attempt took too long. */
export function perTryTimeout(this: Exchange): void {
  if (this.phase !== Phase.FLYING || this.local || this.call === undefined) return;
  this.timers.attemptOver();
  const reaction = this.call.perTryTimeout(this.parking.now(), replayState(this));
  abandon(this.request, null, false);
  this.rewind();
  this.react(reaction);
}

/** The whole call took too long: 504, or the end of a response that has begun, as in Envoy. */
export function overallTimeout(this: Exchange): void {
  const { call, request, parking } = this;
  if (call === undefined || this.local || this.phase === Phase.OVER) return;
  if (this.phase === Phase.DELIVERED) {
    if (!this.tunnel && request.res?.complete !== true) request.socket?.destroy();
    return;
  }
  this.timers.attemptOver();
  this.stopAttempt();
  const reply = call.timeout(parking.now());
  if (this.phase === Phase.FLYING) {
    abandon(request, null, false);
    this.rewind();
  } else if (this.broken) this.rewind();
  this.answer(reply);
}
