/** One call of the application from `http.request` to its last event: parked, routed, connected, tried again, released. */

import type { Socket } from 'node:net';
import type { Attempt, Call, LocalReply, ResetReason, Retry, Scheme } from '../../src/call';
import { type Connection, Dial, type DialListener } from '../../src/transport';
import { hold, letGo } from './keep-alive';
import { LocalReplySocket, replyBytes } from './local-reply';
import type { Parking } from './parking';
import type { AgentOptions, ParkingAgent } from './parking-agent';
import { Phase } from './phase';
import { type MeshRequest, release } from './request';
import { RoutedHead } from './routed-head';
import { Security } from './secure';
import { closeUnused, connectionReset, handOver, showEarly, watchSocket } from './socket';
import { Timers } from './timers';

export class Exchange extends RoutedHead implements DialListener {
  phase: Phase = Phase.PARKED;
  /** Whose `maxSockets` counts: the logical host. */
  readonly slot: string;
  call: Call | undefined;
  attempt: Attempt | undefined;
  connection: Connection | undefined;
  readonly timers = new Timers(this);
  /** Where it stands in its agent's list of calls. */
  place = -1;
  /** It holds one of its agent's places. */
  admittedHere = false;
  destroyedByApplication = false;
  /** Node has seen the socket fail; the request is not rewound yet. */
  broken = false;
  /** The present socket is our own answer. */
  local = false;
  /** The application's request is complete. */
  complete = false;
  /** This attempt was sent again because the reused connection it was first sent on was dead. */
  refreshed = false;
  /** Upgraded: the socket is the application's, and the call lasts as long as it. */
  tunnel = false;
  /** Event seen by the application, once each however many attempts there are. */
  socketShown = false;
  continueShown = false;
  /** The head was final after the tick in which bare Node shows a socket, so who waits for that one may still change it. */
  headEndedLate = false;
  /** The newest 100 was a later attempt's. */
  continueHidden = false;
  finishSeen = false;
  private flew = false;
  private known = false;
  private headIsFinal = false;
  private ticked = false;
  private holding = false;
  private lastError: Error | undefined;
  private dial: Dial | undefined;
  private cancelWait: (() => void) | undefined;
  private security: Security | undefined;
  /** The head that the present call was routed by, when it may still change. */
  private routedEarly: string | undefined;
  /** Destroyed before its first tick. */
  private early: { readonly error: Error | undefined } | undefined;

  constructor(
    readonly parking: Parking,
    request: MeshRequest,
    options: AgentOptions,
    readonly agent: ParkingAgent,
    scheme: Scheme,
    host: string,
    port: number,
  ) {
    super(request, options, scheme, host, port);
    this.slot = agent.maxSockets === Number.POSITIVE_INFINITY ? '' : `${host}:${port}`;
  }

  /** No socket of Node's is in charge: what happens to the request is ours to say. */
  get waiting(): boolean {
    return this.phase === Phase.PARKED || this.phase === Phase.CONNECTING || this.phase === Phase.BACKING_OFF;
  }

  /** From the agent's `addRequest`. */
  start(known: boolean): void {
    const { request, parking } = this;
    this.agent.calls.add(this);
    const idle = request.timeout ?? (this.agent.options?.['timeout'] as number | undefined);
    if (idle) this.timers.setIdle(idle);
    if (known) {
      this.known = true;
      this.becomesOurs();
    } else {
      const settled = (whose: 'ours' | 'not-ours'): void => {
        this.runInAsyncScope(guarded, undefined, this, this.settled, whose);
      };
      this.cancelWait = parking.mesh.whenKnown(this.scheme, this.host, this.port, settled);
    }
    if (request._header !== null) this.headFinal();
    process.nextTick(tick, this);
  }

  /** The application will not change the head any more. */
  headFinal(): void {
    if (this.headIsFinal || this.phase === Phase.OVER) return;
    this.headIsFinal = true;
    this.headEndedLate = this.ticked && !this.socketShown;
    this.keepOwnHead();
    if (this.routedEarly !== undefined) this.parking.guard(this, this.confirmEarly, undefined);
    else if (this.known) this.parking.guard(this, this.seekPlace, undefined);
  }

  /** A tick after construction: those who wait for 'socket' to finish their head get one now (decision 1). */
  firstTick(): void {
    this.ticked = true;
    if (this.early !== undefined)
      this.runInAsyncScope(closeUnused, undefined, this.request, this.early.error);
    if (this.phase === Phase.PARKED && this.known) this.parking.guard(this, this.settleHead, undefined);
  }

  /** The application's agent has a place. */
  admitted(): void {
    if (this.waiting) this.runInAsyncScope(guarded, undefined, this, this.route, undefined);
  }

  dialled(socket: Socket): void {
    this.dial = undefined;
    this.parking.guard(this, this.adoptSocket, socket);
  }

  dialFailed(error: Error, timedOut: boolean, secured: boolean): void {
    this.dial = undefined;
    this.lastError = error;
    // The endpoint answers, but not as the application's own TLS options want it: theirs to hear.
    if (secured && !timedOut) {
      this.fail(error);
      return;
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
    const step = this.call!.next(this.parking.now());
    if (step.kind === 'local-reply') {
      this.answer(step);
      return;
    }
    this.attempt = step;
    this.refreshed = false;
    if (this.headIsFinal) this.writeHead(step);
    this.connect(false);
  }

  /** `fresh`: not on a connection that was used before. */
  connect(fresh: boolean): void {
    this.phase = Phase.CONNECTING;
    const { parking, security } = this;
    const { endpoint, pool: settings } = this.attempt!;
    const pool = parking.pools.pool(endpoint, security === undefined ? '' : security.key);
    const idle = fresh ? undefined : pool.take(parking.now());
    if (idle !== undefined) this.ride(idle);
    else this.dial = new Dial(endpoint, settings, this, security?.wrap);
  }

  /** The same attempt again, not counted. */
  resend(): void {
    this.writeHead(this.attempt!);
    this.connect(true);
  }

  /** Nothing is waited for any more: neither a connection nor a back-off. */
  stopAttempt(): void {
    this.timers.stopWaiting();
    this.dial?.cancel();
    this.dial = undefined;
  }

  /** An error of ours: as far as possible the call goes on without us. */
  rescue(error: Error): void {
    if (this.phase === Phase.OVER) return;
    if (this.waiting && !this.flew) {
      this.handBack();
      return;
    }
    this.fail(error);
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

  /** `destroy` or an abort signal while we are in charge: the same events as bare Node's, in the same order. */
  cancelled(error: Error | undefined): void {
    const { request, ticked } = this;
    this.finish('DC');
    if (!ticked) {
      // Node would find out as it hands over the socket, a tick after construction; an abort is silent then.
      this.early = { error: error ?? (request.aborted ? undefined : connectionReset()) };
      return;
    }
    this.runInAsyncScope(request.onSocket, request, null, error ?? connectionReset());
  }

  /** Not ours after all: to the application's own agent, as if we had never been there. */
  handBack(): void {
    const { request, agent, options } = this;
    const { app } = agent;
    this.finish();
    const keepAlive = app.keepAlive || Number.isFinite(app.maxSockets);
    request.shouldKeepAlive = keepAlive;
    request._last = !keepAlive;
    if (this.headIsFinal) this.restoreHead();
    release(request);
    if (options['agent'] === (agent as unknown)) options['agent'] = app;
    this.runInAsyncScope(app.addRequest, app, request, options);
  }

  /** Releases everything, once. `flag`: Envoy's, when the call ends otherwise than by its response. */
  finish(flag?: string): void {
    if (this.phase === Phase.OVER) return;
    this.phase = Phase.OVER;
    this.stopHolding();
    this.timers.clear();
    this.cancelWait?.();
    this.dial?.cancel();
    this.recorder?.drop();
    this.call?.end(this.parking.now(), flag);
    this.agent.leave(this);
  }

  /** `agent.destroy()`: what holds a socket loses it, and is not tried again. */
  closeByAgent(): void {
    if (this.waiting) return;
    this.destroyedByApplication = true;
    this.request.socket?.destroy();
  }

  requestEnded(): void {
    if (this.complete || this.phase === Phase.OVER) return;
    this.complete = true;
    if (this.call !== undefined) this.timers.requestSent(this.call);
  }

  private settled(whose: 'ours' | 'not-ours'): void {
    this.cancelWait = undefined;
    if (this.phase === Phase.OVER) return;
    if (whose === 'not-ours') {
      this.handBack();
      return;
    }
    this.known = true;
    this.becomesOurs();
    if (this.headIsFinal) this.seekPlace();
    else if (this.ticked) this.settleHead();
  }

  private settleHead(): void {
    if (!this.headIsFinal && this.request.listenerCount('socket') > 0) {
      this.routedEarly = this.signature();
      this.seekPlace();
    } else if (!this.holding) {
      this.holding = true;
      hold();
    }
  }

  private stopHolding(): void {
    if (!this.holding) return;
    this.holding = false;
    letGo();
  }

  private seekPlace(): void {
    if (this.agent.admit(this)) this.route();
    else if (!this.holding) {
      this.holding = true;
      hold();
    }
  }

  private route(): void {
    this.stopHolding();
    if (this.scheme === 'https') this.security ??= new Security(this);
    this.readTarget();
    const begun = this.parking.mesh.begin(this.scheme, this.host, this.port, this, this.parking.now());
    if (begun === undefined) {
      this.handBack();
      return;
    }
    this.phase = Phase.CONNECTING;
    if (begun.kind === 'local-reply') {
      this.answer(begun);
      return;
    }
    this.call = begun;
    if (this.headIsFinal) this.record(begun.replayLimitBytes);
    if (this.complete) this.timers.requestSent(begun);
    this.advance();
  }

  private adoptSocket(socket: Socket): void {
    const { pools } = this.parking;
    const { endpoint, pool: settings } = this.attempt!;
    const pool = pools.pool(endpoint, this.security === undefined ? '' : this.security.key);
    const connection = pools.adopt(socket, pool, settings);
    if (connection === undefined) {
      this.dialFailed(connectionReset(), false, false);
      return;
    }
    watchSocket(socket);
    this.ride(connection);
  }

  private connectFailed(reason: ResetReason): void {
    this.react(this.call!.reset(this.parking.now(), reason, REPLAYABLE));
  }

  private ride(connection: Connection): void {
    this.connection = connection;
    if (!this.headIsFinal) {
      this.show(connection.socket);
      return;
    }
    this.call!.connected(this.parking.now());
    this.request.reusedSocket = connection.reused;
    this.fly(connection.socket);
  }

  private fly(socket: Socket): void {
    this.phase = Phase.FLYING;
    this.flew = true;
    this.timers.flying(socket);
    this.runInAsyncScope(handOver, undefined, this.request, socket);
  }

  /** A socket to look at, nothing written: the application may finish its head on it. */
  private show(socket: Socket): void {
    this.phase = Phase.PARKED;
    if (!this.holding) {
      this.holding = true;
      hold();
    }
    this.runInAsyncScope(showEarly, undefined, this.request, socket);
  }

  /** The head is final: where it goes elsewhere now, the first connection goes back to its pool. */
  private confirmEarly(): void {
    const routed = this.routedEarly!;
    this.routedEarly = undefined;
    const { connection, attempt, call, request } = this;
    // Still on the way to its first socket; it goes on from there with the final head.
    const shown = request.socket;
    request.socket = null;
    // `end` has corked it and will not find it again to uncork.
    while (shown !== null && shown.writableCorked > 0) shown.uncork();
    if (routed === this.signature()) {
      if (call !== undefined) this.record(call.replayLimitBytes);
      if (attempt !== undefined) this.writeHead(attempt);
      this.stopHolding();
      if (shown === null) return;
      if (connection !== undefined && !shown.destroyed) this.ride(connection);
      else if (this.local) this.fly(shown);
      else this.connect(true);
      return;
    }
    this.dial?.cancel();
    this.dial = undefined;
    this.local = false;
    this.connection = undefined;
    connection?.release(this.parking.now(), undefined);
    call?.end(this.parking.now());
    this.call = undefined;
    this.attempt = undefined;
    this.route();
  }
}

const REPLAYABLE = { replayable: true };

/** A step taken out of somebody else's event (the link's, another call's end), in the context of this call. */
function guarded<T>(exchange: Exchange, step: (this: Exchange, argument: T) => void, argument: T): void {
  exchange.parking.guard(exchange, step, argument);
}

function tick(exchange: Exchange): void {
  exchange.firstTick();
}
