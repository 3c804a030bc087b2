/**
 * The seam between hooks (sockets, timers, events) and policy (routing, balancing, resilience).
 * One call of the application is one `Call`; it yields attempts; the hook reports what happened to each and is
 * told what to do next. Nothing here knows Node's sockets or timers; time is passed in as milliseconds of a
 * monotonic clock.
 */

import type { ClusterLimits } from '../cluster';
import type { ConnectionPoolSettings, Endpoint, UpstreamTls } from '../model';
import type { HeaderEdit, RequestHead } from '../routing';

export type { HeaderEdit, RequestHead } from '../routing';

export type Scheme = 'http' | 'https';

/** Envoy's answer in place of an upstream's. */
export interface LocalReply {
  readonly kind: 'local-reply';
  readonly status: number;
  readonly body: string;
  /** In order; names lower case. Complete: `content-length`, `content-type`, `server`, `date` included. */
  readonly headers: readonly (readonly [string, string])[];
  /** Envoy's response flag: UH UF UO NR URX UT DI FI UC DC … */
  readonly flag: string;
}

/** Where and how one try goes. */
export interface Attempt {
  readonly kind: 'attempt';
  /** From 1. */
  readonly number: number;
  readonly cluster: string;
  readonly endpoint: Endpoint;
  /** Request target to write (normalised, rewritten). */
  readonly path: string;
  /** Host header to write; undefined = the application's bytes unchanged. */
  readonly authority?: string;
  readonly edits: readonly HeaderEdit[];
  readonly pool: ConnectionPoolSettings;
  /** TLS that begins here; undefined = the bytes go as the application's connection would have them. */
  readonly tls?: AttemptTls;
  /** Where connections and waits for one are counted; undefined = the cluster has no limits. */
  readonly limits?: ClusterLimits;
  /** Milliseconds from `requestSent` (request complete) as in Envoy; 0 = none. */
  readonly perTryTimeoutMs: number;
  /** More attempts are possible: the hook must keep the body for a replay, up to `Call.replayLimitBytes`. */
  readonly retriable: boolean;
}

/** SIMPLE or MUTUAL of a DestinationRule, for one request. */
export interface AttemptTls {
  readonly settings: UpstreamTls;
  /** The request's, after rewrites: SNI and the name of the certificate may follow it. */
  readonly authority: string;
}

/** Try again after `ms` (0 = at once): call `next()` then. */
export interface Retry {
  readonly kind: 'retry';
  readonly ms: number;
}

/** Give the response to the application, with these changes to its header. */
export interface Deliver {
  readonly kind: 'deliver';
  readonly edits: readonly HeaderEdit[];
}

/** Why an attempt ended without a response. Envoy's reset reasons. */
export type ResetReason =
  /** The connection could not be made (refused, unreachable, DNS, TLS). */
  | 'remote-connection-failure'
  /** Not connected within the cluster's connect timeout. */
  | 'connection-timeout'
  /** Closed or reset by the peer before the response header was complete. */
  | 'connection-termination'
  /** A limit of the connection pool. */
  | 'overflow';

/** What the application's body allows. The hook says it with every failure and answer that might be retried. */
export interface ReplayState {
  /** All bytes that the application has written so far are recorded. */
  readonly replayable: boolean;
}

export interface Call {
  readonly kind: 'call';
  /** The host the application asked for, for reports. */
  readonly host: string;
  /** Milliseconds that the whole call may take, counted from `requestSent` (the complete request) as Envoy does; 0 = none. */
  readonly timeoutMs: number;
  /** Bytes of request body worth keeping. 0 = nothing can be retried. */
  readonly replayLimitBytes: number;
  /** Copies to send elsewhere once the request is complete; what becomes of them is nobody's concern. */
  readonly mirrors: readonly Call[];
  /** The next attempt; counts it. */
  next(now: number): Attempt | LocalReply;
  /**
   * The attempt's connection stands, its bytes are being written. False: the cluster's limit on requests forbids it,
   * to be reported as reset by `overflow`.
   */
  connected(now: number): boolean;
  /** The application's request is complete: route and per-try timeouts run from here. */
  requestSent(now: number): void;
  /** The attempt ended without response header. */
  reset(now: number, reason: ResetReason, replay: ReplayState): Retry | LocalReply;
  /** Response header arrived (never 1xx but 101). `header(name)` as in RequestHead. */
  response(
    now: number,
    status: number,
    header: (name: string) => string | readonly string[] | undefined,
    replay: ReplayState,
  ): Retry | Deliver;
  /** The attempt's per-try timeout ran out. */
  perTryTimeout(now: number, replay: ReplayState): Retry | LocalReply;
  /** The call's own timeout ran out: always a local reply (504). */
  timeout(now: number): LocalReply;
  /** The delivered response body is complete (`ok`) or broke off. */
  responseEnded(now: number, ok: boolean): void;
  /** Ends the call: releases every counter and reports it. Idempotent. `flag` e.g. `DC` for an abort by the application. */
  end(now: number, flag?: string): void;
}

/** The call is held back by a fault: `next` after `ms`. No timeout of the route runs meanwhile. */
export interface Delay {
  readonly kind: 'delay';
  readonly ms: number;
  /** What `begin` would have said; asked once. */
  next(now: number): Begun;
  /** The application gave up meanwhile. Idempotent, and without effect after `next`. */
  end(now: number, flag?: string): void;
}

/** The Host header names another host of which it is not known whose it is: begin again when `whenKnown` says. */
export interface Unknown {
  readonly kind: 'unknown';
  readonly host: string;
  readonly port: number;
}

/** `undefined`: not ours after all (passthrough): hand the request to the application's own agent. */
export type Begun = Call | LocalReply | undefined;
export type Begin = Begun | Delay | Unknown;

/** Is a host ours? `unknown`: park the request and use `whenKnown`. */
export type Ownership = 'ours' | 'not-ours' | 'unknown';

/** What a hook asks. Implemented by `call/`, wired by `preload`. */
export interface Mesh {
  /** Hot path. `host` as the application gave it (any case, trailing dot, no brackets, no port). */
  ownership(scheme: Scheme, host: string, port: number): Ownership;
  /** Calls back once, asynchronously, when the answer is known or the wait is over ('not-ours' then). The callback's timer keeps the process alive. */
  whenKnown(
    scheme: Scheme,
    host: string,
    port: number,
    callback: (ownership: 'ours' | 'not-ours') => void,
  ): () => void;
  /** Only for hosts that are 'ours'. */
  begin(scheme: Scheme, host: string, port: number, head: RequestHead, now: number): Begin;
}
