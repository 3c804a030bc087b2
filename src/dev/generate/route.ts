/** One rule of a VirtualService, under one of its matches, as Envoy's route. */

import type { Destination, HttpDestination, HttpMatch, HttpRoute, Redirect } from '../api';
import type { Scope, Service } from '../mesh';
import { selects } from '../mesh/destination-rules';
import type { IstioObject } from '../read/object';
import { filterConfigs, hundredths, millionths } from './filters';
import { hashOfDestination, hashPolicies } from './hash';
import { authorityOf, headerChanges } from './headers';
import { isCatchAll, routeMatch } from './match';
import { configMetadata } from './metadata';
import { clusterName, duration, pb, type RouteActionPb, type RoutePb, wrap } from './pb';
import { retryPolicy } from './retry';

const { RedirectResponseCode } = pb.envoy.config.route.v3.RedirectAction;

export interface RouteContext {
  readonly scope: Scope;
  /** The listener's port. */
  readonly port: number;
  /** Services of that port, by host. */
  readonly services: ReadonlyMap<string, Service>;
  readonly rule: IstioObject<'VirtualService'>;
}

/** Routes of a rule in order, up to the first that takes everything. */
export function routesOf(context: RouteContext): RoutePb[] {
  const routes: RoutePb[] = [];
  for (const http of context.rule.spec.http ?? []) {
    const matches = http.match?.length ? http.match : [undefined];
    for (const match of matches) {
      if (!concerns(match, context)) continue;
      const route = translate(http, match, context);
      routes.push(route);
      if (match && isCatchAll(route)) return routes;
    }
    if (!http.match?.length) return routes;
  }
  return routes;
}

/** Matches of other ports, gateways and sources are decided here, for this node. */
function concerns(match: HttpMatch | undefined, { port, scope }: RouteContext): boolean {
  if (!match) return true;
  if (match.port !== undefined && match.port !== port) return false;
  if (match.gateways?.length) return match.gateways.includes('mesh');
  if (!selects(match.sourceLabels, scope.node.labels)) return false;
  return !match.sourceNamespace || match.sourceNamespace === scope.node.namespace;
}

function translate(http: HttpRoute, match: HttpMatch | undefined, context: RouteContext): RoutePb {
  const { rule } = context;
  const route: RoutePb = {
    name: match?.name ? `${http.name ?? ''}.${match.name}` : http.name,
    match: routeMatch(match),
    metadata: configMetadata(rule),
    statPrefix: match?.statPrefix,
    ...headerChanges(http.headers),
    typedPerFilterConfig: filterConfigs(http.fault, http.corsPolicy),
  };
  if (http.redirect) route.redirect = redirectAction(http.redirect, context.port);
  else if (http.directResponse) route.directResponse = directResponse(http);
  else forward(route, http, context);
  route.decorator = { operation: operationOf(route, context) };
  return route;
}

function forward(route: RoutePb, http: HttpRoute, context: RouteContext): void {
  const action: RouteActionPb = {
    timeout: duration(http.timeout ?? 0),
    maxGrpcTimeout: duration(http.timeout ?? 0),
    requestMirrorPolicies: mirrors(http, context),
  };
  route.route = action;
  const { uri, uriRegexRewrite, authority: rewritten } = http.rewrite ?? {};
  if (uriRegexRewrite) {
    const { match, rewrite } = uriRegexRewrite;
    action.regexRewrite = { pattern: { regex: match }, substitution: rewrite };
  } else if (uri) {
    action.prefixRewrite = uri;
  }
  const authority = rewritten || authorityOf(http.headers);
  if (authority) action.hostRewriteLiteral = authority;
  const destinations = http.route ?? [];
  const hashes = destinations.map((each) => hashOfDestination(context.scope, each.destination));
  if (destinations.length === 1) {
    single(route, action, destinations[0]!, context);
    action.hashPolicy = hashPolicies(hashes[0]);
    action.retryPolicy = retryPolicy(http.retries, hashes[0] !== undefined);
    return;
  }
  const weighted = destinations.filter((each) => (each.weight ?? 0) > 0);
  action.weightedClusters = { clusters: weighted.map((each) => weightedCluster(each, context)) };
  action.hashPolicy = weighted.flatMap((each) => hashPolicies(hashes[destinations.indexOf(each)]));
  action.retryPolicy = retryPolicy(http.retries, false);
}

/** A single destination's header operations become the route's, behind its own. */
function single(route: RoutePb, action: RouteActionPb, only: HttpDestination, context: RouteContext): void {
  action.cluster = clusterOf(only.destination, context);
  const changes = headerChanges(only.headers);
  for (const key of ['requestHeadersToAdd', 'responseHeadersToAdd'] as const) {
    route[key] = [...(route[key] ?? []), ...changes[key]];
  }
  for (const key of ['requestHeadersToRemove', 'responseHeadersToRemove'] as const) {
    route[key] = [...(route[key] ?? []), ...changes[key]];
  }
  const authority = authorityOf(only.headers);
  if (authority && !action.hostRewriteLiteral) action.hostRewriteLiteral = authority;
}

function weightedCluster(each: HttpDestination, context: RouteContext) {
  return {
    name: clusterOf(each.destination, context),
    weight: wrap(each.weight ?? 0),
    ...headerChanges(each.headers),
    hostRewriteLiteral: authorityOf(each.headers),
  };
}

/** Port: the destination's, else the only port of its service here, else the listener's. */
function clusterOf(destination: Destination, { services, port }: RouteContext): string {
  const service = services.get(destination.host);
  const only = service?.ports.length === 1 ? service.ports[0]!.number : port;
  return clusterName(destination.port?.number ?? only, destination.subset ?? '', destination.host);
}

function mirrors(http: HttpRoute, context: RouteContext): RouteActionPb['requestMirrorPolicies'] {
  const percent = http.mirrorPercent ?? http.mirror_percent;
  const fallback = percent === undefined ? undefined : hundredths(percent);
  const all = [
    ...(http.mirror
      ? [
          {
            destination: http.mirror,
            share: http.mirrorPercentage ? millionths(http.mirrorPercentage) : fallback,
          },
        ]
      : []),
    ...(http.mirrors ?? []).map(({ destination, percentage }) => ({
      destination,
      share: percentage && millionths(percentage),
    })),
  ];
  return all
    .map(({ destination, share }) => ({ destination, share: share ?? hundredths(100) }))
    .filter(({ share }) => (share.numerator ?? 0) > 0)
    .map(({ destination, share }) => ({
      cluster: clusterOf(destination, context),
      runtimeFraction: { defaultValue: share },
      traceSampled: wrap(false),
      disableShadowHostSuffixAppend: true,
    }));
}

function redirectAction(redirect: Redirect, listenerPort: number): NonNullable<RoutePb['redirect']> {
  const scheme = redirect.scheme || 'http';
  let port = redirect.derivePort === 'FROM_REQUEST_PORT' ? listenerPort : (redirect.port ?? 0);
  if ((port === 80 && scheme === 'http') || (port === 443 && scheme === 'https')) port = 0;
  return {
    hostRedirect: redirect.authority,
    ...(redirect.prefixRewrite
      ? { prefixRewrite: redirect.prefixRewrite }
      : { pathRedirect: redirect.uri ?? '' }),
    schemeRedirect: redirect.scheme || undefined,
    portRedirect: port,
    responseCode: REDIRECT_CODES[redirect.redirectCode || 301],
  };
}

export const REDIRECT_CODES: Readonly<Record<number, number>> = {
  301: RedirectResponseCode.MOVED_PERMANENTLY,
  302: RedirectResponseCode.FOUND,
  303: RedirectResponseCode.SEE_OTHER,
  307: RedirectResponseCode.TEMPORARY_REDIRECT,
  308: RedirectResponseCode.PERMANENT_REDIRECT,
};

function directResponse({ directResponse }: HttpRoute): RoutePb['directResponse'] {
  const { status, body } = directResponse!;
  if (body?.string !== undefined) return { status, body: { inlineString: body.string } };
  if (body?.bytes !== undefined) return { status, body: { inlineBytes: Buffer.from(body.bytes, 'base64') } };
  return { status };
}

/** `<host>:<port><path>*` with one destination, else the VirtualService's name. */
function operationOf({ route, match }: RoutePb, { rule, port }: RouteContext): string {
  const path = match?.path ?? match?.safeRegex?.regex ?? `${match?.prefix ?? '/'}*`;
  const [, clusterPort, , host] = route?.cluster?.split('|') ?? [];
  return host === undefined ? `${rule.name}:${port}${path}` : `${host}:${clusterPort}${path}`;
}
