/** From a request to what becomes of it: another's, a local reply, or a call to a cluster. */

import type { Remembered } from '../registry';
import {
  type CompiledRoute,
  type HeaderEdit,
  hashRequest,
  hostOfAuthority,
  MatchInput,
  normalizePath,
  splitAbsoluteForm,
} from '../routing';
import { drawDrop } from './drop-overload';
import { FaultDelay } from './fault';
import type { HostEntry } from './host-entry';
import { delayed, localReply, type ReplyParts, TEXT, withEdits } from './local-reply';
import { MeshCall } from './mesh-call';
import { mirrorsOf } from './mirror';
import { pinOf, serviceAuthority } from './pinned';
import { type Forward, type ForwardPlan, TLS_PLAN } from './plan';
import { requestEdits } from './request-headers';
import { earlyDetails } from './response-details';
import { withRule } from './response-headers';
import type { CallContext, Routed } from './routed';
import type { Begin, Call, LocalReply, RequestHead } from './seam';
import { commonFact, type Facts, progressFact, statNameOf } from './sources';
import { PASSTHROUGH_CLUSTER, type Upstreams } from './upstream';

const NO_EDITS: readonly HeaderEdit[] = [];
const NO_HASH = { key: undefined, cookies: NO_EDITS };

/** A request whose route is found. */
export interface Matched {
  /** The host whose virtual host counts. */
  readonly entry: HostEntry;
  readonly input: MatchInput;
  readonly route: CompiledRoute<ForwardPlan>;
  /** As the application wrote it, in origin form. */
  readonly target: string;
  /** The address that was dialled, where a registry client was given it. */
  readonly address: Remembered | undefined;
  /** It came in absolute form: the Host header must follow its authority. */
  readonly absolute: boolean;
  readonly cors: readonly HeaderEdit[];
  /** A fault has held it back. */
  readonly delayed: boolean;
  /** Monotonic milliseconds. */
  readonly beganAt: number;
}

export class Router {
  constructor(
    private readonly upstreams: Upstreams,
    private readonly context: CallContext,
  ) {}

  /** TLS that the application began: only the endpoint is chosen. */
  tls(entry: HostEntry, head: RequestHead, now: number): Begin {
    const upstream = this.upstreams.get(entry.tlsCluster);
    if (upstream?.passesThrough) return undefined;
    if (upstream === undefined) {
      const reply = localReply({ status: 503, body: '', flag: 'NC', method: head.method });
      return this.reported(entry, entry.tlsCluster, reply);
    }
    return new MeshCall(
      {
        host: entry.host,
        routeName: '',
        upstream,
        plan: TLS_PLAN,
        input: undefined,
        destination: undefined,
        method: head.method,
        path: head.path,
        authority: undefined,
        edits: NO_EDITS,
        cors: NO_EDITS,
        ...NO_HASH,
        delayed: false,
      },
      this.context,
      now,
    );
  }

  /** Plain HTTP. `find` looks up another host on the same port. */
  http(
    dialled: HostEntry,
    head: RequestHead,
    now: number,
    find: (host: string) => HostEntry,
    address?: Remembered,
  ): Begin {
    let entry = dialled;
    let target = head.path;
    // Routes are matched against the service whose address it is; the endpoint gets the application's own bytes.
    let authority = address === undefined ? head.authority : serviceAuthority(dialled);
    const absolute = splitAbsoluteForm(target);
    if (absolute !== undefined) {
      // A target on another host makes the dialled one a forward proxy, which a rewritten request line would break.
      ({ authority, target } = absolute);
      const named = hostOfAuthority(authority);
      if (named !== entry.host) entry = find(named);
      if (entry.ownership !== 'ours') return undefined;
    }
    const input = new MatchInput(head, routedTarget(head.method, target), authority, this.context.random);
    const route = entry.view?.match(input);
    if (route === undefined) {
      return this.reported(entry, '', localReply({ status: 404, body: '', flag: 'NR', method: head.method }));
    }
    const matched = {
      entry,
      input,
      route,
      target,
      address,
      absolute: absolute !== undefined,
      cors: NO_EDITS,
      delayed: false,
      beganAt: now,
    };
    if (route.fault === undefined) return this.goOn(matched);
    const ms = route.fault.drawDelay(this.context.random);
    if (ms > 0) return new FaultDelay(ms, { ...matched, delayed: true }, this, this.context);
    return this.abortOrGoOn(matched, now);
  }

  /** Past the fault's delay. */
  abortOrGoOn(matched: Matched, now: number): Call | LocalReply | undefined {
    const { random } = this.context;
    const { action, fault } = matched.route;
    const status = fault === undefined ? 0 : fault.drawAbort(random);
    if (status === 0) return this.goOn(matched);
    // Envoy has chosen the destination when it matched the route, so that its response headers count too.
    const destination =
      action.kind === 'forward' ? action.destinations[action.choice.draw(random)] : undefined;
    const { method } = matched.input.head;
    const parts = { status, body: TEXT.FAULT_FILTER_ABORT, flag: 'FI', method };
    return this.local(matched, parts, destination?.cluster ?? '', now, destination?.response);
  }

  /** The filters behind the fault's: CORS and the router. */
  private goOn(matched: Matched): Call | LocalReply | undefined {
    const { entry, input, route } = matched;
    const { action, cors } = route;
    if (cors === undefined) {
      return action.kind === 'forward' ? this.forward(matched, action) : this.answer(matched);
    }
    const preflight = cors.preflight(input);
    if (preflight !== undefined) {
      const parts = { status: 200, body: '', flag: '', method: input.head.method, extra: preflight };
      return this.reported(entry, '', localReply(parts));
    }
    const marked = { ...matched, cors: cors.responseEdits(input) };
    return action.kind === 'forward' ? this.forward(marked, action) : this.answer(marked);
  }

  private forward(matched: Matched, action: Forward): Call | LocalReply | undefined {
    const { entry, input, route, target, address, absolute, cors, beganAt } = matched;
    const { context } = this;
    const { head } = input;
    const destination = action.destinations[action.choice.draw(context.random)];
    const cluster = destination?.cluster ?? '';
    if (cluster === PASSTHROUGH_CLUSTER) return undefined;
    const upstream = this.upstreams.get(cluster);
    if (destination === undefined || upstream === undefined) {
      const status = action.action.clusterNotFoundStatus || 503;
      return this.local(matched, { status, body: '', flag: 'NC', method: head.method }, cluster);
    }
    if (upstream.passesThrough) return undefined;
    const pinned = address?.owner.pinned === true ? pinOf(address, upstream, cluster, entry) : undefined;
    if (pinned === null) return undefined;
    const drop = drawDrop(upstream.snapshot.endpoints, context.random);
    if (drop !== undefined) {
      const extra = context.envoyHeaders ? ([[drop.header, 'true']] as const) : undefined;
      const parts = { status: 503, body: drop.body, flag: drop.flag, method: head.method, extra };
      return this.local(matched, parts, cluster, beganAt, destination.response);
    }
    const { hashPolicies } = action.action;
    const hashed = upstream.hashes && hashPolicies.length > 0;
    const hash = hashed ? hashRequest(hashPolicies, input, context) : NO_HASH;
    const routeName = route.route.name;
    const facts = new EarlyFacts(routeName, statNameOf(upstream.snapshot.cluster));
    const edits = requestEdits(input, destination, action.plan.decorator, context, facts);
    const rewrites = action.rewrite !== undefined || destination.hostRewrite !== undefined;
    const routed: Routed = {
      host: entry.host,
      routeName,
      upstream,
      plan: action.plan,
      input,
      destination,
      method: head.method,
      path: head.method === 'CONNECT' ? target : rewritten(action, input),
      authority: destination.hostRewrite ?? (absolute ? input.authority : undefined),
      edits: rewrites && context.envoyHeaders ? withOriginals(edits, action, input) : edits,
      cors,
      key: hash.key,
      cookies: hash.cookies,
      delayed: matched.delayed,
      pinned,
    };
    if (action.action.mirrors.length === 0) return new MeshCall(routed, context, beganAt);
    const mirrors = mirrorsOf(action, routed, this.upstreams, context, beganAt);
    return new MeshCall(routed, context, beganAt, mirrors);
  }

  /** Redirects and direct responses. */
  private answer(matched: Matched): LocalReply {
    const { input, route } = matched;
    const { method } = input.head;
    const { action } = route;
    if (action.kind === 'redirect') {
      const extra = [['location', action.redirect.location(input)]] as const;
      return this.local(matched, { status: action.status, body: '', flag: '', method, extra }, '');
    }
    const { status, body } = action as Extract<typeof action, { kind: 'direct-response' }>;
    // Envoy names the request's own address in these answers, whatever they are.
    const located = status === 201 || (status >= 300 && status < 400);
    const extra = located
      ? ([['location', `${input.scheme}://${input.authority}${input.target}`]] as const)
      : undefined;
    return this.local(matched, { status, body, flag: '', method, extra }, '');
  }

  private local(
    matched: Matched,
    parts: ReplyParts,
    cluster: string,
    now = matched.beganAt,
    program = matched.route.response,
  ): LocalReply {
    const { entry, route, input, cors, beganAt } = matched;
    const flag = matched.delayed ? delayed(parts.flag) : parts.flag;
    const known = this.upstreams.get(cluster)?.snapshot.cluster;
    const statName = known === undefined ? undefined : statNameOf(known);
    const facts = new EarlyFacts(route.route.name, statName, earlyDetails(parts.flag), flag);
    const reply = withRule(localReply({ ...parts, flag }), program, input, facts);
    return this.reported(entry, cluster, withEdits(reply, cors), now - beganAt);
  }

  /** A local reply that ends a call before it began. */
  private reported(entry: HostEntry, cluster: string, reply: LocalReply, ms = 0): LocalReply {
    const { report, currentRoute } = this.context;
    const { flag, status } = reply;
    if (report.wanted(flag)) {
      const route = currentRoute();
      report.ended({ host: entry.host, cluster, endpoint: '', attempts: 0, flag, status, ms, route });
    }
    return reply;
  }
}

/** CONNECT has no path: it takes the rules for `/`. */
function routedTarget(method: string, target: string): string {
  return method === 'CONNECT' ? '/' : normalizePath(target);
}

function rewritten({ rewrite }: Forward, input: MatchInput): string {
  return rewrite === undefined ? input.target : rewrite.rewrite(input.target, input.path);
}

/** What the request asked for before the rule rewrote it. */
function withOriginals(
  edits: readonly HeaderEdit[],
  { rewrite, action }: Forward,
  input: MatchInput,
): readonly HeaderEdit[] {
  const all = edits.slice();
  // A rewrite of one of several destinations does not count, as in Envoy.
  if (action.hostRewrite) {
    all.push({ op: 'set', name: 'x-envoy-original-host', value: input.authority });
  }
  if (rewrite !== undefined) all.push({ op: 'set', name: 'x-envoy-original-path', value: input.target });
  return all;
}

/** Facts before there is a call. */
class EarlyFacts implements Facts {
  constructor(
    private readonly routeName: string,
    private readonly cluster: string | undefined,
    private readonly details = '',
    private readonly flags = '',
  ) {}

  fact(name: string): string | undefined {
    const { cluster, details, flags } = this;
    const progress = { answered: 0, flags, details, endpoint: undefined, cluster, attempts: 0 };
    return progressFact(name, progress) ?? commonFact(name, this.routeName);
  }
}
