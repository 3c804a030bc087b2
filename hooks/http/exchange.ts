/** One call of the application from `http.request` to its last event: parked, routed, connected, tried again, released. */

import type { Socket } from 'node:net';
import type { Begun, Delay, Scheme } from '../../src/call';
import { Attempts, guarded, type Whose } from './attempts';
import { hold, letGo } from './keep-alive';
import { sendMirrors } from './mirror';
import type { Parking } from './parking';
import type { AgentOptions, ParkingAgent } from './parking-agent';
import { isWaiting, Phase } from './phase';
import { type MeshRequest, release } from './request';
import { Security } from './secure';
import { closeUnused, connectionReset, showEarly } from './socket';
import { Timers } from './timers';

export class Exchange extends Attempts {
  /** Whose `maxSockets` counts: the logical host. */
  readonly slot: string;
  readonly timers = new Timers(this);
  /** Where it stands in its agent's list of calls. */
  place = -1;
  /** It holds one of its agent's places. */
  admittedHere = false;
  destroyedByApplication = false;
  /** The application's request is complete. */
  complete = false;
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
  private known = false;
  private ticked = false;
  private holding = false;
  private delay: Delay | undefined;
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
    return isWaiting(this.phase);
  }

  /** From the agent's `addRequest`. */
  start(known: boolean): void {
    const { request } = this;
    this.agent.calls.add(this);
    const idle = request.timeout ?? (this.agent.options?.['timeout'] as number | undefined);
    if (idle) this.timers.setIdle(idle);
    if (known) {
      this.known = true;
      this.becomesOurs();
    } else this.waitFor(this.host, this.port, this.settled);
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

  /** An error of ours: as far as possible the call goes on without us. */
  rescue(error: Error): void {
    if (this.phase === Phase.OVER) return;
    if (this.waiting && !this.flew) {
      this.handBack();
      return;
    }
    this.fail(error);
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
  finish(flag?: string, now = this.parking.now()): void {
    if (this.phase === Phase.OVER) return;
    this.phase = Phase.OVER;
    this.stopHolding();
    this.timers.clear();
    this.cancelWait?.();
    this.dial?.cancel();
    this.recorder?.drop();
    this.delay?.end(now, flag);
    this.call?.end(now, flag);
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
    if (this.call === undefined) return;
    this.timers.requestSent(this.call);
    sendMirrors(this);
  }

  private settled(whose: Whose): void {
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
    this.cancelWait?.();
    this.cancelWait = undefined;
    if (this.headIsFinal && !this.parking.knowsHead(this.request)) {
      this.handBack();
      return;
    }
    if (this.scheme === 'https') this.security ??= new Security(this);
    this.readTarget();
    const begun = this.parking.mesh.begin(this.scheme, this.host, this.port, this, this.at);
    if (begun?.kind === 'unknown') {
      this.waitFor(begun.host, begun.port, this.route);
      return;
    }
    if (begun?.kind !== 'delay') {
      this.begun(begun);
      return;
    }
    this.delay = begun;
    this.phase = Phase.DELAYED;
    this.timers.delay(begun.ms);
  }

  /** A fault has held the call back long enough. */
  delayOver(): void {
    const delay = this.delay!;
    this.delay = undefined;
    this.begun(delay.next(this.at));
  }

  private begun(begun: Begun): void {
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

  /** A socket to look at, nothing written: the application may finish its head on it. */
  protected show(socket: Socket): void {
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
    this.stopAttempt();
    this.delay = undefined;
    this.local = false;
    this.connection = undefined;
    this.timers.idleOff(request, shown);
    connection?.release(this.at, undefined);
    call?.end(this.at);
    this.call = undefined;
    this.attempt = undefined;
    this.route();
  }
}

function tick(exchange: Exchange): void {
  exchange.firstTick();
}
