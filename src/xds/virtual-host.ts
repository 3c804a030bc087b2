/** VirtualHost to the model. Each route is decoded by itself: a bad one is left out and reported, others work. */

import type { Route, VirtualHost } from '../model';
import { directResponseAction, forwardAction, type RouteDefaults, redirectAction } from './action';
import { type Decoded, decodeSafely, Findings, LEFT_OUT } from './decoded';
import { corsConfig, type FilterConfigs, filterConfigs } from './filters';
import { headerChanges } from './headers';
import { routeMatch } from './match';
import { configOrigin } from './origin';
import { decodeMessage, pb } from './pb';
import { reportUnsupported } from './unsupported-fields';
import { integer, wrapped } from './values';
import { splitMessage } from './wire';

const ROUTES = 3;

/** What routes take from their virtual host. */
interface HostDefaults extends RouteDefaults {
  readonly filters: FilterConfigs;
  readonly bufferLimit?: number;
}

/**
 * Decodes one virtual host of an open route configuration. Never throws. `routeConfigurationName` is for reports:
 * resources are named `80/reviews.shop.svc.cluster.local:80`.
 */
export function decodeVirtualHost(bytes: Uint8Array, routeConfigurationName: string): Decoded<VirtualHost> {
  return decodeSafely(new Findings('VirtualHost', routeConfigurationName), (findings) => {
    const { parts, rest } = splitMessage(bytes, ROUTES);
    const message = decodeMessage(pb.envoy.config.route.v3.VirtualHost, rest);
    const resource = `${routeConfigurationName}/${message.name}`;
    findings.resource = resource;
    reportUnsupported(findings, 'VirtualHost', message, '');
    const own = filterConfigs(findings, message.typedPerFilterConfig, '');
    const legacy = message.cors ? corsConfig(findings, message.cors, 'cors') : {};
    const defaults: HostDefaults = {
      retryPolicy: message.retryPolicy,
      mirrors: message.requestMirrorPolicies,
      filters: { ...legacy, ...own },
      bufferLimit: bufferLimit(message),
    };
    const routes: Route[] = [];
    parts.forEach((part, index) => {
      const route = decodeRoute(findings, part, `${resource}/routes[${index}]`, defaults);
      if (route) routes.push(route);
    });
    return {
      name: message.name,
      domains: message.domains.map((domain) => domain.toLowerCase()),
      routes,
      headers: headerChanges(findings, message, ''),
      includeRequestAttemptCount: message.includeRequestAttemptCount,
    };
  });
}

function decodeRoute(
  parent: Findings,
  bytes: Uint8Array,
  resource: string,
  defaults: HostDefaults,
): Route | undefined {
  const findings = new Findings('Route', resource);
  const decoded = decodeSafely(findings, () => {
    const message = decodeMessage(pb.envoy.config.route.v3.Route, bytes);
    if (message.name !== '') findings.resource = `${resource} (${message.name})`;
    return route(findings, message, defaults);
  });
  for (const reason of findings.reasons) {
    const colon = reason.indexOf(': ');
    findings.ignored(reason.slice(0, colon), `${reason.slice(colon + 2)}: ${LEFT_OUT}`);
  }
  parent.unsupported.push(...findings.unsupported);
  return decoded.ok && !findings.leftOut ? decoded.value : undefined;
}

function route(findings: Findings, message: pb.envoy.config.route.v3.Route, defaults: HostDefaults): Route {
  reportUnsupported(findings, 'Route', message, '');
  if (!message.match) findings.invalid('match', 'is missing');
  const { fault, cors } = mergedFilters(findings, message, defaults.filters);
  const limit = bufferLimit(message) ?? defaults.bufferLimit;
  const origin = configOrigin(message.metadata);
  return {
    name: message.name,
    match: routeMatch(findings, message.match ?? {}, 'match.'),
    action: action(findings, message, defaults),
    headers: headerChanges(findings, message, ''),
    ...(fault ? { fault } : {}),
    ...(cors ? { cors } : {}),
    ...(message.decorator?.operation ? { decoratorOperation: message.decorator.operation } : {}),
    ...(limit === undefined ? {} : { perRequestBufferLimitBytes: limit }),
    ...(origin ? { origin } : {}),
  };
}

function action(
  findings: Findings,
  message: pb.envoy.config.route.v3.Route,
  defaults: RouteDefaults,
): Route['action'] {
  if (message.route) return forwardAction(findings, message.route, defaults, 'route.');
  if (message.redirect) return redirectAction(findings, message.redirect, 'redirect.');
  if (message.directResponse)
    return directResponseAction(findings, message.directResponse, 'direct_response.');
  if (message.filterAction) findings.leaveOut('filter_action', 'it is not done');
  else if (message.nonForwardingAction) findings.leaveOut('non_forwarding_action', 'it is for servers');
  else findings.invalid('action', 'is missing');
  return { kind: 'direct-response', status: 404, body: '' };
}

/** The most specific level counts; a filter that is switched off there is off. */
function mergedFilters(
  findings: Findings,
  message: pb.envoy.config.route.v3.Route,
  host: FilterConfigs,
): FilterConfigs {
  const own = filterConfigs(findings, message.typedPerFilterConfig, '');
  const legacy = message.route?.cors ? corsConfig(findings, message.route.cors, 'route.cors') : {};
  const merged = { ...legacy, ...own };
  const fault = merged.faultOff ? undefined : (merged.fault ?? (host.faultOff ? undefined : host.fault));
  const cors = merged.corsOff ? undefined : (merged.cors ?? (host.corsOff ? undefined : host.cors));
  return { ...(fault ? { fault } : {}), ...(cors ? { cors } : {}) };
}

/** The newer 64-bit field counts where both are said. */
function bufferLimit(message: {
  requestBodyBufferLimit?: pb.google.protobuf.UInt64Value.$Properties | null;
  perRequestBufferLimitBytes?: pb.google.protobuf.UInt32Value.$Properties | null;
}): number | undefined {
  if (message.requestBodyBufferLimit) return integer(message.requestBodyBufferLimit.value);
  return message.perRequestBufferLimitBytes ? wrapped(message.perRequestBufferLimitBytes, 0) : undefined;
}
