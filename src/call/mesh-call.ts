/** One request of the application on its way: attempts, retries, local replies. No timers, no sockets, no closures. */

import type { EndpointState } from '../cluster';
import { type AttemptReset, expectedTimeoutMs, type LocalOrigin } from '../resilience';
import type { HeaderEdit, HeaderLookup } from '../routing';
import { attemptTls } from './attempt-tls';
import { LimitUse } from './limit-use';
import {
  delayed,
  flags,
  type Lines,
  localReply,
  RESET_FLAG,
  RESET_ORIGIN,
  resetText,
  TEXT,
  withEdits,
} from './local-reply';
import { attemptCountEdit, ownEdit } from './request-headers';
import { DETAILS, resetDetails } from './response-details';
import { deliverWith, responseEdits, withRule } from './response-headers';
import type { CallContext, Routed } from './routed';
import type { Attempt, Call, Deliver, LocalReply, ReplayState, ResetReason, Retry } from './seam';
import { commonFact, type Facts, progressFact, statNameOf } from './sources';

const NOTHING_SENT = -1;
const NO_MIRRORS: readonly MeshCall[] = [];
const EXPECTED_TIMEOUT = 'x-envoy-expected-rq-timeout-ms';
const NO_EXPECTED_TIMEOUT: HeaderEdit = { op: 'remove', name: EXPECTED_TIMEOUT };

export class MeshCall implements Call, Facts {
  readonly kind = 'call';
  readonly host: string;
  readonly timeoutMs: number;
  readonly replayLimitBytes: number;
  private attempts = 0;
  private retriesLeft: number;
  /** The endpoint whose active requests count this call. */
  private counted: EndpointState | undefined;
  private readonly use: LimitUse | undefined;
  private readonly inboundRoute: string | undefined;
  private lastEndpoint: EndpointState | undefined;
  private tried: EndpointState[] | undefined;
  private requestStarted = false;
  private sentAt = NOTHING_SENT;
  private status = 0;
  private flag = '';
  /** Envoy's RESPONSE_CODE_DETAILS. */
  private details = '';
  private ended = false;

  constructor(
    private readonly routed: Routed,
    private readonly context: CallContext,
    private readonly beganAt: number,
    readonly mirrors: readonly MeshCall[] = NO_MIRRORS,
  ) {
    const { plan } = routed;
    this.host = routed.host;
    this.inboundRoute = context.currentRoute();
    this.timeoutMs = plan.timeoutMs;
    this.replayLimitBytes = plan.replayLimitBytes;
    const { limits } = routed.upstream;
    if (limits !== undefined) this.use = new LimitUse(limits);
    this.retriesLeft = plan.retry === undefined ? 0 : plan.retry.numRetries;
  }

  next(now: number): Attempt | LocalReply {
    this.release();
    const { upstream, plan, path, authority, key } = this.routed;
    const first = this.attempts === 0 ? this.routed.pinned : undefined;
    const host = first ?? upstream.pick(this.tried, plan.retry?.reselections ?? 0, now, key);
    if (host === undefined)
      return this.reply(503, TEXT.NO_HEALTHY_UPSTREAM, 'UH', DETAILS.NO_HEALTHY_UPSTREAM);
    host.activeRequests++;
    this.counted = host;
    this.lastEndpoint = host;
    this.attempts++;
    this.requestStarted = false;
    const retriable = this.retriesLeft > 0;
    if (retriable && plan.retry?.avoidPreviousHosts) this.tried = [...(this.tried ?? []), host];
    const { cluster } = upstream.snapshot;
    return {
      kind: 'attempt',
      number: this.attempts,
      cluster: cluster.name,
      endpoint: host.endpoint,
      path,
      authority,
      edits: this.attemptEdits(now),
      pool: cluster.pool,
      tls: attemptTls(cluster.tls, this.routed),
      limits: this.use?.limits,
      perTryTimeoutMs: plan.perTryTimeoutMs,
      retriable,
    };
  }

  connected(now: number): boolean {
    const { upstream, destination } = this.routed;
    if (destination !== undefined && this.use?.request() === false) return false;
    this.requestStarted = true;
    if (this.counted !== undefined) upstream.connected(this.counted, destination === undefined, now);
    return true;
  }

  requestSent(now: number): void {
    if (this.sentAt === NOTHING_SENT) this.sentAt = now;
  }

  reset(now: number, reason: ResetReason, replay: ReplayState): Retry | LocalReply {
    this.use?.retryOver();
    if (reason !== 'overflow') this.failed(RESET_ORIGIN[reason], now);
    return (
      this.retryReset(reason, replay) ??
      this.reply(
        503,
        resetText(reason, this.attempts > 1),
        flags(this.flag, RESET_FLAG[reason]),
        resetDetails(reason),
        reason === 'overflow' ? [['x-envoy-overloaded', 'true']] : undefined,
      )
    );
  }

  perTryTimeout(now: number, replay: ReplayState): Retry | LocalReply {
    this.use?.retryOver();
    this.failed('timeout', now);
    return (
      this.retryReset('per-try-timeout', replay) ??
      this.reply(504, TEXT.UPSTREAM_REQUEST_TIMEOUT, flags(this.flag, 'UT'), DETAILS.PER_TRY_TIMEOUT)
    );
  }

  timeout(now: number): LocalReply {
    this.failed('timeout', now);
    this.release();
    return this.reply(504, TEXT.UPSTREAM_REQUEST_TIMEOUT, 'UT', DETAILS.RESPONSE_TIMEOUT);
  }

  response(now: number, status: number, header: HeaderLookup, replay: ReplayState): Retry | Deliver {
    const { plan, destination, input, upstream, cors, cookies } = this.routed;
    const { retry } = plan;
    if (destination !== undefined && this.counted !== undefined)
      upstream.responded(this.counted, status, now);
    this.use?.retryOver();
    if (retry?.coversResponse(status, header)) {
      if (this.retriesLeft === 0) this.flag = 'URX';
      else if (replay.replayable && this.countRetry()) {
        this.release();
        return this.retryAfter(header);
      }
    }
    this.status = status;
    this.details = DETAILS.VIA_UPSTREAM;
    if (destination === undefined) return deliverWith([], undefined);
    const ruled = responseEdits(destination.response, input, header, this);
    const edits = cors.length === 0 && cookies.length === 0 ? ruled : [...cookies, ...ruled, ...cors];
    // Envoy does not time an answer that came before the end of the request.
    const timed = this.context.envoyHeaders && this.sentAt !== NOTHING_SENT;
    return deliverWith(edits, timed ? Math.max(0, Math.floor(now - this.sentAt)) : undefined);
  }

  responseEnded(_now: number, ok: boolean): void {
    this.release();
    if (!ok && this.flag === '') this.flag = 'UC';
  }

  end(now: number, flag?: string): void {
    if (this.ended) return;
    this.ended = true;
    this.use?.retryOver();
    this.release();
    if (flag !== undefined && this.flag === '') this.flag = flag;
    const { report } = this.context;
    const flags = this.flags;
    if (!report.wanted(flags)) return;
    report.ended({
      host: this.host,
      cluster: this.routed.upstream.snapshot.cluster.name,
      endpoint: this.lastEndpoint === undefined ? '' : this.lastEndpoint.key,
      attempts: this.attempts,
      flag: flags,
      status: this.status,
      ms: now - this.beganAt,
      route: this.inboundRoute,
    });
  }

  fact(name: string): string | undefined {
    const { lastEndpoint, flags, details, routed } = this;
    const answered = details === DETAILS.VIA_UPSTREAM ? this.status : 0;
    // An attempt that finds no endpoint counts.
    const attempts = details === DETAILS.NO_HEALTHY_UPSTREAM ? this.attempts + 1 : this.attempts;
    const cluster = statNameOf(routed.upstream.snapshot.cluster);
    const progress = { answered, flags, details, endpoint: lastEndpoint?.key, cluster, attempts };
    return progressFact(name, progress) ?? commonFact(name, routed.routeName);
  }

  /** Envoy's response flags so far. */
  private get flags(): string {
    return this.routed.delayed ? delayed(this.flag) : this.flag;
  }

  /** Notes in `flag` that only the limit forbade another attempt. */
  private retryReset(reset: AttemptReset, replay: ReplayState): Retry | undefined {
    this.release();
    const { retry } = this.routed.plan;
    if (retry === undefined || !retry.coversReset(reset, this.requestStarted)) return undefined;
    if (this.retriesLeft > 0) return replay.replayable && this.countRetry() ? this.retryAfter() : undefined;
    if (retry.numRetries > 0) this.flag = 'URX';
    return undefined;
  }

  private retryAfter(header?: HeaderLookup): Retry {
    const retry = this.routed.plan.retry!;
    const k = retry.numRetries - this.retriesLeft;
    return { kind: 'retry', ms: retry.backOffMs(k, this.context.random, header, Date.now()) };
  }

  private attemptEdits(now: number): readonly HeaderEdit[] {
    const { plan, edits, input } = this.routed;
    if (!this.context.envoyHeaders || this.routed.destination === undefined) return edits;
    const elapsed = this.sentAt === NOTHING_SENT ? 0 : now - this.sentAt;
    const expected = expectedTimeoutMs(plan.perTryTimeoutMs, plan.timeoutMs, elapsed);
    const own: HeaderEdit[] = [];
    if (expected > 0) own.push(ownEdit(EXPECTED_TIMEOUT, String(expected)));
    else if (input?.head.header(EXPECTED_TIMEOUT) !== undefined) own.push(NO_EXPECTED_TIMEOUT);
    if (plan.countAttempts) own.push(attemptCountEdit(this.attempts));
    if (own.length === 0) return edits;
    // A rule may change what the first attempt says; later attempts say it anew.
    return this.attempts === 1 ? [...own, ...edits] : [...edits, ...own];
  }

  private reply(status: number, body: string, flag: string, details: string, extra?: Lines): LocalReply {
    this.status = status;
    this.flag = flag;
    this.details = details;
    const { destination, input, method, cors } = this.routed;
    const reply = localReply({ status, body, flag: this.flags, method, extra });
    if (destination === undefined) return reply;
    return withEdits(withRule(reply, destination.response, input, this), cors);
  }

  /** Tells outlier detection; each attempt once. */
  private failed(how: LocalOrigin, now: number): void {
    if (this.counted !== undefined) this.routed.upstream.failed(this.counted, how, now);
  }

  /** Takes one of the call's retries. False: the cluster has as many as it may have, and the call gets what it has. */
  private countRetry(): boolean {
    this.retriesLeft--;
    if (this.use?.retry() !== false) return true;
    this.flag = 'UO';
    return false;
  }

  private release(): void {
    this.use?.requestOver();
    const { counted } = this;
    if (counted === undefined) return;
    counted.activeRequests--;
    this.counted = undefined;
  }
}
