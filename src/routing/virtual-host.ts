/** A virtual host compiled once, when its view arrives, into what a call needs: matchers, header programs, rewrites. */

import type { DirectResponseAction, ForwardAction, Route, VirtualHost } from '../model';
import { Cors } from './filter/cors';
import { Fault } from './filter/fault';
import { compileHeaderOperations, type HeaderProgram } from './filter/headers';
import { Redirect } from './filter/redirect';
import { compilePathRewrite, type PathRewrite } from './filter/rewrite';
import { RouteMatcher } from './match';
import { RegexPool } from './match/regex-pool';
import type { MatchInput } from './request';
import { WeightedChoice } from './weights';

/** One destination of a forward action. */
export interface Destination {
  readonly cluster: string;
  readonly hostRewrite: string | undefined;
  readonly request: HeaderProgram;
  readonly response: HeaderProgram;
}

export interface CompiledForward<Plan> {
  readonly kind: 'forward';
  readonly action: ForwardAction;
  readonly destinations: readonly Destination[];
  readonly choice: WeightedChoice;
  readonly rewrite: PathRewrite | undefined;
  /** What the caller made of the action. */
  readonly plan: Plan;
}

export interface CompiledRedirect {
  readonly kind: 'redirect';
  readonly status: number;
  readonly redirect: Redirect;
}

export interface CompiledRoute<Plan> {
  readonly route: Route;
  readonly matcher: RouteMatcher;
  readonly action: CompiledForward<Plan> | CompiledRedirect | DirectResponseAction;
  readonly cors: Cors | undefined;
  readonly fault: Fault | undefined;
  /** For answers that have no destination. */
  readonly response: HeaderProgram;
}

export class CompiledVirtualHost<Plan> {
  constructor(
    readonly virtualHost: VirtualHost,
    readonly routes: readonly CompiledRoute<Plan>[],
  ) {}

  /** The first route that matches, in order. */
  match(input: MatchInput): CompiledRoute<Plan> | undefined {
    for (const route of this.routes) if (route.matcher.matches(input)) return route;
    return undefined;
  }
}

/**
 * Never throws: a route that cannot be compiled is left out and told to `onBadRoute`. `planForward` makes what the
 * caller needs of a forward action.
 */
export function compileVirtualHost<Plan>(
  virtualHost: VirtualHost,
  planForward: (action: ForwardAction, route: Route) => Plan,
  onBadRoute: (route: string, reason: string) => void,
): CompiledVirtualHost<Plan> {
  const regexes = new RegexPool();
  const routes: CompiledRoute<Plan>[] = [];
  for (const route of virtualHost.routes) {
    try {
      routes.push(compileRoute(route, virtualHost, regexes, planForward));
    } catch (error) {
      onBadRoute(String(route?.name), error instanceof Error ? error.message : String(error));
    }
  }
  regexes.seal();
  return new CompiledVirtualHost(virtualHost, routes);
}

function compileRoute<Plan>(
  route: Route,
  virtualHost: VirtualHost,
  regexes: RegexPool,
  planForward: (action: ForwardAction, route: Route) => Plan,
): CompiledRoute<Plan> {
  const matcher = new RouteMatcher(route.match, regexes);
  return {
    route,
    matcher,
    cors: route.cors === undefined ? undefined : new Cors(route.cors, regexes),
    fault: route.fault?.delay || route.fault?.abort ? new Fault(route.fault) : undefined,
    action: compileAction(route, virtualHost, matcher, planForward),
    response: compileHeaderOperations([route.headers.response, virtualHost.headers.response]),
  };
}

function compileAction<Plan>(
  route: Route,
  virtualHost: VirtualHost,
  matcher: RouteMatcher,
  planForward: (action: ForwardAction, route: Route) => Plan,
): CompiledRoute<Plan>['action'] {
  const { action } = route;
  switch (action.kind) {
    case 'direct-response':
      return { kind: action.kind, status: action.status, body: action.body };
    case 'redirect':
      return { kind: 'redirect', status: action.status, redirect: new Redirect(action, matcher.path) };
    case 'forward':
      return {
        kind: 'forward',
        action,
        destinations: action.clusters.map((cluster) => ({
          cluster: cluster.name,
          hostRewrite: action.hostRewrite || cluster.hostRewrite || undefined,
          request: compileHeaderOperations([
            cluster.headers.request,
            route.headers.request,
            virtualHost.headers.request,
          ]),
          response: compileHeaderOperations([
            cluster.headers.response,
            route.headers.response,
            virtualHost.headers.response,
          ]),
        })),
        choice: new WeightedChoice(action.clusters.map((cluster) => cluster.weight)),
        rewrite: compilePathRewrite(action, matcher.path),
        plan: planForward(action, route),
      };
    default:
      throw new TypeError('unknown kind of route action');
  }
}
