/** From a request to what becomes of it: another's, a local reply, or a call to a cluster. */

import type { HeaderEdit } from '../routing';
import { type Destination, hostOfAuthority, MatchInput, normalizePath, splitAbsoluteForm } from '../routing';
import type { HostEntry } from './host-entry';
import { localReply } from './local-reply';
import { type CallContext, commonFact, MeshCall, withRule } from './mesh-call';
import { type Forward, TLS_PLAN } from './plan';
import { requestEdits } from './request-headers';
import type { Begin, LocalReply, RequestHead } from './seam';
import type { Facts } from './sources';
import { PASSTHROUGH_CLUSTER, type Upstreams } from './upstream';

const NO_EDITS: readonly HeaderEdit[] = [];

/** TLS that the application began: only the endpoint is chosen. */
export function routeTls(
  entry: HostEntry,
  upstreams: Upstreams,
  head: RequestHead,
  context: CallContext,
  now: number,
): Begin {
  const upstream = upstreams.get(entry.tlsCluster);
  if (upstream?.passesThrough) return undefined;
  if (upstream === undefined) {
    return refuse(entry, head, context, { status: 503, body: '', flag: 'NC', cluster: entry.tlsCluster });
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
    },
    context,
    now,
  );
}

/** Plain HTTP. `find` looks up another host on the same port. */
export function routeHttp(
  dialled: HostEntry,
  upstreams: Upstreams,
  head: RequestHead,
  context: CallContext,
  now: number,
  find: (host: string) => HostEntry,
): Begin {
  let entry = dialled;
  let target = head.path;
  let { authority } = head;
  const absolute = splitAbsoluteForm(target);
  if (absolute !== undefined) {
    // A target on another host makes the dialled one a forward proxy, which a rewritten request line would break.
    ({ authority, target } = absolute);
    const named = hostOfAuthority(authority);
    if (named !== entry.host) entry = find(named);
    if (entry.ownership !== 'ours') return undefined;
  }
  const input = new MatchInput(head, routedTarget(head.method, target), authority, context.random);
  const route = entry.view?.match(input);
  if (route === undefined)
    return refuse(entry, head, context, { status: 404, body: '', flag: 'NR', cluster: '' });
  const { action } = route;
  if (action.kind === 'forward') {
    return forward(
      entry,
      action,
      route.route.name,
      input,
      target,
      absolute !== undefined,
      upstreams,
      context,
      now,
    );
  }
  const facts = new EarlyFacts(route.route.name, '');
  const reply =
    action.kind === 'redirect'
      ? localReply({
          status: action.status,
          body: '',
          flag: '',
          method: head.method,
          extra: [['location', action.redirect.location(input)]],
        })
      : localReply({ status: action.status, body: action.body, flag: '', method: head.method });
  return reported(entry, context, '', withRule(reply, route.response, input, facts));
}

/** CONNECT has no path: it takes the rules for `/`. */
function routedTarget(method: string, target: string): string {
  return method === 'CONNECT' ? '/' : normalizePath(target);
}

function forward(
  entry: HostEntry,
  action: Forward,
  routeName: string,
  input: MatchInput,
  target: string,
  absolute: boolean,
  upstreams: Upstreams,
  context: CallContext,
  now: number,
): Begin {
  const { head } = input;
  const destination = action.destinations[action.choice.draw(context.random)];
  const cluster = destination?.cluster ?? '';
  if (cluster === PASSTHROUGH_CLUSTER) return undefined;
  const upstream = upstreams.get(cluster);
  if (destination === undefined || upstream === undefined) {
    const status = action.action.clusterNotFoundStatus || 503;
    return refuse(entry, head, context, { status, body: '', flag: 'NC', cluster });
  }
  if (upstream.passesThrough) return undefined;
  const facts = new EarlyFacts(routeName, cluster);
  const edits = requestEdits(input, destination, action.plan.decorator, context.envoyHeaders, facts);
  const path = head.method === 'CONNECT' ? target : rewritten(action, input);
  const authority = destination.hostRewrite ?? (absolute ? input.authority : undefined);
  const rewrites = action.rewrite !== undefined || destination.hostRewrite !== undefined;
  return new MeshCall(
    {
      host: entry.host,
      routeName,
      upstream,
      plan: action.plan,
      input,
      destination,
      method: head.method,
      path,
      authority,
      edits: rewrites && context.envoyHeaders ? withOriginals(edits, action, destination, input) : edits,
    },
    context,
    now,
  );
}

function rewritten({ rewrite }: Forward, input: MatchInput): string {
  return rewrite === undefined ? input.target : rewrite.rewrite(input.target, input.path);
}

/** What the request asked for before the rule rewrote it. */
function withOriginals(
  edits: readonly HeaderEdit[],
  action: Forward,
  destination: Destination,
  input: MatchInput,
): readonly HeaderEdit[] {
  const all = edits.slice();
  if (destination.hostRewrite !== undefined) {
    all.push({ op: 'set', name: 'x-envoy-original-host', value: input.authority });
  }
  if (action.rewrite !== undefined)
    all.push({ op: 'set', name: 'x-envoy-original-path', value: input.target });
  return all;
}

interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly flag: string;
  readonly cluster: string;
}

function refuse(
  entry: HostEntry,
  head: RequestHead,
  context: CallContext,
  { status, body, flag, cluster }: Refusal,
): LocalReply {
  return reported(entry, context, cluster, localReply({ status, body, flag, method: head.method }));
}

/** A local reply that ends a call before it began. */
function reported(entry: HostEntry, context: CallContext, cluster: string, reply: LocalReply): LocalReply {
  const { report } = context;
  if (report.wanted(reply.flag)) {
    report.ended({
      host: entry.host,
      cluster,
      endpoint: '',
      attempts: 0,
      flag: reply.flag,
      status: reply.status,
      ms: 0,
      route: context.currentRoute(),
    });
  }
  return reply;
}

/** Facts before there is a call. */
class EarlyFacts implements Facts {
  constructor(
    private readonly routeName: string,
    private readonly cluster: string,
  ) {}

  fact(name: string): string | undefined {
    if (name === 'UPSTREAM_CLUSTER') return this.cluster;
    return commonFact(name, this.routeName);
  }
}
