/** Copies of a call that the route sends elsewhere: sent once, never waited for, never heard of. */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Attempt, Call, ReplayState } from '../../src/call';
import type { ConnectionPoolSettings } from '../../src/model';
import { clearTimeout, setTimeout } from '../../src/observe/native';
import { type Connection, type Pool, PooledDial, type PooledDialListener } from '../../src/transport';
import type { Attempts } from './attempts';
import { NativeClientRequest, type NodeRequest, type Output } from './internals';
import type { Parking } from './parking';
import { readFrom, responseHeader } from './response';
import { rewind } from './rewind';
import { handOver } from './socket';

/** Copies on their way at once, in the whole process; beyond, calls are not copied. */
const MOST = 1024;
/** A connection being made keeps the process alive; for a copy not longer than this. */
const CONNECT_MS = 1_000;
const LOST: ReplayState = { replayable: false };

let underway = 0;

/**
 * Sends the call's copies: with its first attempt, once the request is complete. A body that is larger than the
 * replay limit, or that was answered before its end, is not copied.
 */
export function sendMirrors(exchange: Attempts): void {
  const { call, recorder, parking } = exchange;
  if (call === undefined || call.mirrors.length === 0 || exchange.mirrored) return;
  if (!exchange.complete || exchange.attempt === undefined || !recorder?.complete) return;
  exchange.mirrored = true;
  const body = recorder.copy();
  for (const copy of call.mirrors) {
    if (underway >= MOST) return;
    const mirror = new Mirror(exchange, copy, body);
    parking.guard(mirror, mirror.start, undefined);
  }
}

class Mirror implements PooledDialListener {
  at = 0;
  private readonly parking: Parking;
  private attempt: Attempt | undefined;
  private dial: PooledDial | undefined;
  private request: NodeRequest | undefined;
  private timer: NodeJS.Timeout | undefined;
  private answered = false;
  private over = false;

  constructor(
    private readonly exchange: Attempts,
    private readonly call: Call,
    private readonly body: readonly Output[],
  ) {
    this.parking = exchange.parking;
    underway++;
  }

  start(): void {
    const step = this.call.next(this.at);
    if (step.kind === 'local-reply') {
      this.finish();
      return;
    }
    this.attempt = step;
    const { timeoutMs } = this.call;
    if (timeoutMs > 0) {
      this.timer = setTimeout(() => this.expire(), timeoutMs);
      this.timer.unref();
    }
    const { endpoint, limits } = step;
    const secure = this.parking.secure(step);
    // Shared with the calls' own.
    const pool = this.parking.pool(step, secure);
    const idle = pool.take(this.at);
    const settings = { ...step.pool, connectTimeoutMs: Math.min(step.pool.connectTimeoutMs, CONNECT_MS) };
    if (idle !== undefined) this.ride(idle);
    else if (limits === undefined || limits.mayWait) {
      const dial = new PooledDial(pool, limits, endpoint, settings, this, secure);
      this.dial = dial;
      dial.start();
    } else this.finish();
  }

  dialled(socket: Socket): void {
    this.dial = undefined;
    this.parking.guard(this, this.adopt, socket);
  }

  handed(connection: Connection): void {
    this.dial = undefined;
    this.parking.guard(this, this.ride, connection);
  }

  spare(socket: Socket, pool: Pool, settings: ConnectionPoolSettings): void {
    this.parking.spare(socket, pool, settings);
  }

  dialFailed(error: Error, timedOut: boolean, secured: boolean): void {
    this.dial = undefined;
    if (secured && !timedOut) this.parking.tlsFailed(this.attempt!, error);
    this.call.reset(this.parking.now(), timedOut ? 'connection-timeout' : 'remote-connection-failure', LOST);
    this.finish();
  }

  /** An error of ours costs the copy. */
  rescue(): void {
    this.request?.destroy();
    this.finish();
  }

  private adopt(socket: Socket): void {
    const { parking } = this;
    const attempt = this.attempt!;
    const pool = parking.pool(attempt, parking.secure(attempt));
    const connection = parking.adopt(socket, pool, attempt.pool);
    if (connection === undefined) {
      this.finish();
      return;
    }
    this.ride(connection);
  }

  private ride(connection: Connection): void {
    const { call, exchange, at } = this;
    const { socket } = connection;
    if (!call.connected(at)) {
      connection.release(at, undefined);
      this.finish();
      return;
    }
    call.requestSent(at);
    const head = exchange.render(forwardedFor(this.attempt!, exchange, socket.localAddress ?? ''));
    this.request = written(exchange.method, head, this.body);
    this.request.on('response', (response) => this.responded(response));
    this.request.on('error', nothing);
    this.request.on('close', () => this.closed());
    handOver(this.request, socket);
    // The application does not wait for it.
    socket.unref();
  }

  private responded(response: IncomingMessage): void {
    this.answered = true;
    readFrom(response);
    this.call.response(this.parking.now(), response.statusCode!, responseHeader, LOST);
    response.on('error', nothing);
    response.resume();
  }

  private closed(): void {
    if (this.over) return;
    const now = this.parking.now();
    if (this.answered) this.call.responseEnded(now, this.request!.res?.complete === true);
    else this.call.reset(now, 'connection-termination', LOST);
    this.finish();
  }

  private expire(): void {
    if (this.over) return;
    this.call.timeout(this.parking.now());
    this.dial?.cancel();
    this.finish();
    this.request?.destroy();
  }

  private finish(): void {
    if (this.over) return;
    this.over = true;
    underway--;
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.call.end(this.parking.now());
  }
}

/** The attempt with this process's address at the end of `x-forwarded-for`, as Envoy sends copies. */
function forwardedFor(attempt: Attempt, exchange: Attempts, address: string): Attempt {
  if (!attempt.edits.some(({ name }) => name === 'x-envoy-internal')) return attempt;
  const lines = exchange.header('x-forwarded-for');
  const before = typeof lines === 'string' ? lines : lines?.join(',');
  const value = before === undefined ? address : `${before},${address}`;
  return { ...attempt, edits: [...attempt.edits, { op: 'set', name: 'x-forwarded-for', value }] };
}

const NO_AGENT = { addRequest: nothing, protocol: 'http:', defaultPort: 80, keepAlive: true, options: {} };

/** A request of Node's own that waits for a socket with these bytes to send. */
function written(method: string, head: string, body: readonly Output[]): NodeRequest {
  const options = { host: 'inmesh.invalid', path: '/', method, agent: NO_AGENT };
  // The public types know only one of the constructor's shapes.
  const request = new NativeClientRequest(options as unknown as URL) as unknown as NodeRequest;
  request.end();
  // What tells Node that it has all been written.
  const finished = request.outputData.find(({ callback }) => callback !== null)?.callback ?? null;
  rewind(request, head, undefined);
  for (const output of body) {
    request.outputData.push(output);
    request.outputSize += output.data.length;
  }
  request.outputData.push({ data: '', encoding: 'latin1', callback: finished });
  return request;
}

function nothing(): void {
  return;
}
