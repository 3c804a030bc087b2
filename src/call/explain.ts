/**
 * What becomes of a request, by the same compiled view that calls use, with every choice that a call draws by chance
 * left open. For `inmesh explain`; nothing here runs during a call.
 */

import type { Cluster, ForwardAction, HeaderOperations, RetryPolicy, Route, VirtualHost } from '../model';
import { expectedTimeoutMs } from '../resilience';
import { type HeaderEdit, MatchInput, normalizePath, type RequestHead } from '../routing';
import { explainRoutes, type RouteExplanation } from '../routing/explain';
import { unmanageableReason } from './manageable';
import { compileView, type Forward, type View } from './plan';
import { type OwnHeaders, requestEdits } from './request-headers';

export { hasPlaintextToMtls, unmanageableReason } from './manageable';
export type { RequestHead } from './seam';

/** A change of a header line as the rule says it; values of responses may hold command operators. */
export interface HeaderChange {
  readonly op: 'set' | 'add' | 'remove' | 'add-if-absent' | 'set-if-present';
  readonly name: string;
  readonly value?: string;
}

export interface DestinationExplanation {
  readonly cluster: string;
  readonly weight: number;
  /** Percent of the route's calls. */
  readonly percent: number;
  /** What the endpoint gets. */
  readonly path: string;
  readonly authority: string;
  readonly requestHeaders: readonly HeaderChange[];
  readonly responseHeaders: readonly HeaderChange[];
}

export type Outcome =
  | { readonly kind: 'no-route'; readonly status: 404; readonly flag: 'NR' }
  | { readonly kind: 'preflight'; readonly status: 200; readonly headers: readonly HeaderChange[] }
  | { readonly kind: 'redirect'; readonly status: number; readonly location: string }
  | { readonly kind: 'direct-response'; readonly status: number; readonly body: string }
  | {
      readonly kind: 'forward';
      readonly action: ForwardAction;
      /** Milliseconds; 0 = none. */
      readonly timeoutMs: number;
      readonly perTryTimeoutMs: number;
      readonly retry?: RetryPolicy;
      /** Bytes of a request body that are kept for retries. */
      readonly replayLimitBytes: number;
      readonly destinations: readonly DestinationExplanation[];
    };

export interface CallExplanation {
  /** As matchers see it: normalised, without query. */
  readonly path: string;
  readonly query: string;
  readonly routes: readonly RouteExplanation[];
  /** The route that takes the request; absent with `no-route`. */
  readonly route?: Route;
  readonly outcome: Outcome;
}

/** Never throws. `own`: by the settings. */
export function explainCall(virtualHost: VirtualHost, head: RequestHead, own: OwnHeaders): CallExplanation {
  const target = head.method === 'CONNECT' ? '/' : normalizePath(head.path);
  const input = new MatchInput(head, target, head.authority, () => 0);
  const reasons: string[] = [];
  const view = compileView(virtualHost, (_name, reason) => reasons.push(reason));
  const routes = explainRoutes(virtualHost, input, brokenRoutes(view, reasons));
  const route = routes.find(({ verdict }) => verdict === 'chosen')?.route;
  const outcome = outcomeOf(view, route, input, own);
  return { path: input.path, query: input.query, routes, ...(route ? { route } : {}), outcome };
}

/** Why a host with these clusters is left to the application; undefined = it is managed. */
export function unmanagedHost(clusters: Iterable<Cluster>): string | undefined {
  for (const cluster of clusters) {
    const reason = unmanageableReason(cluster);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Routes that are not in the view, with why: the reasons came in their order. */
function brokenRoutes({ virtualHost, routes }: View, reasons: readonly string[]): Map<Route, string> {
  const compiled = new Set(routes.map(({ route }) => route));
  const missing = virtualHost.routes.filter((route) => !compiled.has(route));
  return new Map(missing.map((route, at) => [route, reasons[at] ?? 'it cannot be compiled']));
}

function outcomeOf(view: View, route: Route | undefined, input: MatchInput, own: OwnHeaders): Outcome {
  const compiled = view.routes.find((each) => each.route === route);
  if (compiled === undefined) return { kind: 'no-route', status: 404, flag: 'NR' };
  const preflight = compiled.cors?.preflight(input);
  if (preflight !== undefined) {
    const headers = preflight.map(([name, value]): HeaderChange => ({ op: 'set', name, value }));
    return { kind: 'preflight', status: 200, headers };
  }
  const { action } = compiled;
  switch (action.kind) {
    case 'redirect':
      return { kind: 'redirect', status: action.status, location: action.redirect.location(input) };
    case 'direct-response':
      return { kind: 'direct-response', status: action.status, body: action.body };
    case 'forward':
      return forward(action, compiled.route, view.virtualHost, input, own);
  }
}

function forward(
  forwarding: Forward,
  route: Route,
  virtualHost: VirtualHost,
  input: MatchInput,
  own: OwnHeaders,
): Outcome {
  const { action, plan } = forwarding;
  const total = action.clusters.reduce((sum, { weight }) => sum + weight, 0);
  const destinations = action.clusters.map((cluster, at): DestinationExplanation => {
    const authority = forwarding.destinations[at]?.hostRewrite ?? input.authority;
    const path = forwarding.rewrite?.rewrite(input.target, input.path) ?? input.target;
    return {
      cluster: cluster.name,
      weight: cluster.weight,
      percent: total === 0 ? 0 : (100 * cluster.weight) / total,
      path,
      authority,
      requestHeaders: requestChanges(forwarding, at, route, input, own),
      responseHeaders: [cluster.headers, route.headers, virtualHost.headers].flatMap(({ response }) =>
        operations(response),
      ),
    };
  });
  const { timeoutMs, perTryTimeoutMs, replayLimitBytes } = plan;
  const retry = action.retry === undefined ? {} : { retry: action.retry };
  return { kind: 'forward', action, timeoutMs, perTryTimeoutMs, replayLimitBytes, destinations, ...retry };
}

/** Header lines of the first attempt, beside those that every request has. */
function requestChanges(
  { destinations, plan, rewrite }: Forward,
  index: number,
  route: Route,
  input: MatchInput,
  own: OwnHeaders,
): HeaderChange[] {
  const destination = destinations[index]!;
  const known: Record<string, string> = { UPSTREAM_CLUSTER: destination.cluster, ROUTE_NAME: route.name };
  const facts = { fact: (name: string) => known[name] };
  const edits: HeaderEdit[] = requestEdits(input, destination, plan.decorator, own, facts).slice();
  if (own.envoyHeaders && input.header('x-request-id') === undefined) {
    const at = edits.findIndex(({ name }) => name === 'x-request-id');
    if (at >= 0) edits[at] = { op: 'set', name: 'x-request-id', value: '(new for each call)' };
  }
  const set = (name: string, value: string) => edits.push({ op: 'set', name, value });
  if (own.envoyHeaders) {
    if (destination.hostRewrite !== undefined) set('x-envoy-original-host', input.authority);
    if (rewrite !== undefined) set('x-envoy-original-path', input.target);
    if (plan.countAttempts) set('x-envoy-attempt-count', '1');
    const expectedMs = expectedTimeoutMs(plan.perTryTimeoutMs, plan.timeoutMs, 0);
    if (expectedMs > 0) set('x-envoy-expected-rq-timeout-ms', String(expectedMs));
  }
  return edits.map((edit) =>
    edit.name === 'x-request-id' ? { ...edit, value: '(new for each call)' } : edit,
  );
}

const OPS = {
  'append-if-exists-or-add': 'add',
  'add-if-absent': 'add-if-absent',
  'overwrite-if-exists-or-add': 'set',
  'overwrite-if-exists': 'set-if-present',
} as const;

function operations({ remove, add }: HeaderOperations): HeaderChange[] {
  const removals = remove.map((name): HeaderChange => ({ op: 'remove', name }));
  return [
    ...removals,
    ...add.map(({ name, value, action }): HeaderChange => ({ op: OPS[action], name, value })),
  ];
}
