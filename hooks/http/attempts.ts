/** The attempts of one call: connections made or taken, given to the request, given up, answered in their place. */

import type { Socket } from 'node:net';
import type { Attempt, Call, LocalReply, ResetReason, Retry } from '../../src/call';
import type { ConnectionPoolSettings } from '../../src/model';
import {
  type Connection,
  Dial,
  type Pool,
  PooledDial,
  type PooledDialListener,
  type Secure,
} from '../../src/transport';
import { LocalReplySocket, replyBytes } from './local-reply';
import { sendMirrors } from './mirror';
import type { Parking } from './parking';
import { Phase } from './phase';
import { RoutedHead } from './routed-head';
import type { Security } from './secure';
import { connectionReset, handOver } from './socket';
import type { Timers } from './timers';

export type Whose = 'ours' | 'not-ours';

export abstract class Attempts extends RoutedHead implements PooledDialListener {
  phase: Phase = Phase.PARKED;
  call: Call | undefined;
  attempt: Attempt | undefined;
  connection: Connection | undefined;
  /** When the step being worked in began, monotonic milliseconds: the clock is asked once for all of it. */
  at = 0;
  /** Node has seen the socket fail; the request is not rewound yet. */
  broken = false;
  /** The present socket is our own answer. */
  local = false;
  /** This attempt was sent again because the reused connection it was first sent on was dead. */
  refreshed = false;
  /** The copies that the route wants were sent. */
  mirrored = false;
  /** The application's request is complete. */
  abstract complete: boolean;
  abstract readonly parking: Parking;
  abstract readonly timers: Timers;
  protected headIsFinal = false;
  /** A socket was given to Node. */
  protected flew = false;
  protected dial: Dial | PooledDial | undefined;
  protected security: Security | undefined;
  private lastError: Error | undefined;

  /** Takes back the wait for whose the host is. */
  protected cancelWait: (() => void) | undefined;

  /** Releases everything, once. */
  abstract finish(flag?: string): void;
  /** The call goes on without us. */
  abstract rescue(error: Error): void;
  /** A socket for a request whose head is not final. */
  protected abstract show(socket: Socket): void;

  dialled(socket: Socket): void {
    this.dial = undefined;
    this.runInAsyncScope(guarded, undefined, this, this.adoptSocket, socket);
  }

  handed(connection: Connection): void {
    this.dial = undefined;
    this.runInAsyncScope(guarded, undefined, this, this.ride, connection);
  }

  spare(socket: Socket, pool: Pool, settings: ConnectionPoolSettings): void {
    this.parking.spare(socket, pool, settings);
  }

  dialFailed(error: Error, timedOut: boolean, secured: boolean): void {
    this.dial = undefined;
    this.lastError = error;
    if (secured && !timedOut) {
      // The endpoint answers, but not as the application's own TLS options want it: theirs to hear.
      if (this.security !== undefined) {
        this.fail(error);
        return;
      }
      this.parking.tlsFailed(this.attempt!, error);
    }
    this.parking.guard(
      this,
      this.connectFailed,
      timedOut ? 'connection-timeout' : 'remote-connection-failure',
    );
  }

  /** What policy says to a failure. */
  react(reaction: Retry | LocalReply): void {
    if (reaction.kind === 'local-reply') {
      this.answer(reaction);
      return;
    }
    this.phase = Phase.BACKING_OFF;
    if (reaction.ms > 0) this.timers.backOff(reaction.ms);
    else this.advance();
  }

  /** The next attempt, where there is one. */
  advance(): void {
    const step = this.call!.next(this.at);
    if (step.kind === 'local-reply') {
      this.answer(step);
      return;
    }
    this.attempt = step;
    this.refreshed = false;
    if (this.headIsFinal) this.writeHead(step);
    this.connect(false);
    sendMirrors(this);
  }

  /** `fresh`: not on a connection that was used before. */
  connect(fresh: boolean): void {
    this.phase = Phase.CONNECTING;
    const { endpoint, limits, pool: settings } = this.attempt!;
    const secure = this.secure;
    const pool = this.parking.pool(this.attempt!, secure);
    if (fresh && limits !== undefined) pool.closeIdle();
    const idle = fresh ? undefined : pool.take(this.at);
    if (idle !== undefined) this.ride(idle);
    else if (fresh && limits === undefined) this.dial = new Dial(endpoint, settings, this, secure);
    else if (limits === undefined || limits.mayWait) {
      const dial = new PooledDial(pool, limits, endpoint, settings, this, secure);
      this.dial = dial;
      dial.start();
    } else this.overflow();
  }

  /** TLS of the connection: the application's own or the cluster's. */
  private get secure(): Secure | undefined {
    return this.security ?? this.parking.secure(this.attempt!);
  }

  private overflow(): void {
    this.react(this.call!.reset(this.at, 'overflow', REPLAYABLE));
  }

  /** The same attempt again, not counted. */
  resend(): void {
    this.writeHead(this.attempt!);
    this.connect(true);
  }

  /** Until it is known whose the host is, or the wait is over. */
  protected waitFor(host: string, port: number, step: (this: this, whose: Whose) => void): void {
    const known = (whose: Whose): void => {
      this.runInAsyncScope(guarded, undefined, this, step, whose);
    };
    this.cancelWait = this.parking.mesh.whenKnown(this.scheme, host, port, known);
  }

  /** Nothing is waited for any more: neither a connection nor a back-off. */
  stopAttempt(): void {
    this.timers.stopWaiting();
    this.dial?.cancel();
    this.dial = undefined;
  }

  /** Node's again, without a socket. */
  rewind(): void {
    this.broken = false;
    this.local = false;
    this.connection = undefined;
    this.rewindRequest();
    this.timers.resumeIdle();
  }

  /** Answers in the upstream's place. */
  answer(reply: LocalReply): void {
    if (this.security !== undefined && this.lastError !== undefined) {
      this.fail(this.lastError);
      return;
    }
    this.local = true;
    const socket = new LocalReplySocket(replyBytes(reply, this.method), this.scheme === 'https');
    if (this.headIsFinal) this.fly(socket);
    else this.show(socket);
  }

  /** The request fails as Node's would that could not connect. */
  fail(error: Error): void {
    const { request } = this;
    this.finish('UF');
    this.runInAsyncScope(request.onSocket, request, null, error);
  }

  private adoptSocket(socket: Socket): void {
    const { parking } = this;
    const attempt = this.attempt!;
    const connection = parking.adopt(socket, parking.pool(attempt, this.secure), attempt.pool);
    if (connection === undefined) {
      this.dialFailed(connectionReset(), false, false);
      return;
    }
    this.ride(connection);
  }

  private connectFailed(reason: ResetReason): void {
    this.react(this.call!.reset(this.at, reason, REPLAYABLE));
  }

  protected ride(connection: Connection): void {
    this.connection = connection;
    if (!this.headIsFinal) {
      this.show(connection.socket);
      return;
    }
    if (!this.call!.connected(this.at)) {
      this.connection = undefined;
      connection.release(this.at, undefined);
      this.overflow();
      return;
    }
    this.request.reusedSocket = connection.reused;
    this.fly(connection.socket);
  }

  protected fly(socket: Socket): void {
    this.phase = Phase.FLYING;
    this.flew = true;
    this.timers.flying(socket);
    this.runInAsyncScope(handOver, undefined, this.request, socket);
  }
}

const REPLAYABLE = { replayable: true };

/** A step taken out of somebody else's event (the link's, another call's end), in the context of this call. */
export function guarded<E extends Attempts, T>(
  exchange: E,
  step: (this: E, argument: T) => void,
  argument: T,
): void {
  exchange.parking.guard(exchange, step, argument);
}
