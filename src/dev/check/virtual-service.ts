/** Istio's rules for a VirtualService, as istiod applies them when it reads one. */

import type { Fault, Headers, HttpMatch, HttpRoute, Retries, StringMatch } from '../api';
import { GRPC_STATUS } from '../generate/filters';
import { REDIRECT_CODES } from '../generate/route';
import { type Check, checkExportTo, isHostName } from './context';
import { regexFault } from './regex';

type Rule = Check<'VirtualService'>;

export function checkVirtualService(check: Rule): void {
  const { spec, object } = check;
  checkExportTo(check, spec.exportTo);
  const hosts = spec.hosts ?? [];
  const mesh = !spec.gateways?.length || spec.gateways.includes('mesh');
  hosts.forEach((host, index) => {
    if (!isHostName(host))
      check.error(
        spec.hosts!,
        index,
        `\`${host}\` is no host name`,
        'write a DNS name, *.suffix, or a short name',
      );
    if (host === '*' && mesh)
      check.error(spec.hosts!, index, 'the host `*` is only for gateways', 'name the hosts, or a *.suffix');
  });
  if (hosts.length === 0 && spec.gateways?.length) {
    check.error(
      spec,
      'gateways',
      'a delegate (no hosts) has no gateways',
      'remove `gateways` or add `hosts`',
    );
  }
  if (!spec.http) {
    if (!object.reader.problems.some((problem) => problem.severity === 'warning')) {
      check.error(spec, undefined, 'there are no routes', 'add `http` with at least one route');
    }
    return;
  }
  if (spec.http.length === 0) check.error(spec, 'http', '`http` is empty', 'add at least one route');
  for (const route of spec.http) checkRoute(check, route, hosts.length === 0);
}

function checkRoute(check: Rule, route: HttpRoute, isDelegate: boolean): void {
  const { redirect, directResponse, delegate } = route;
  if (!redirect && !directResponse && !delegate && !route.route?.length) {
    check.error(route, undefined, 'the route does nothing', 'add `route`, `redirect` or `directResponse`');
  }
  if (redirect?.redirectCode && REDIRECT_CODES[redirect.redirectCode] === undefined) {
    check.error(
      redirect,
      'redirectCode',
      `${redirect.redirectCode} is no redirect`,
      'use 301, 302, 303, 307 or 308',
    );
  }
  for (const key of ['mirror', 'rewrite', 'retries', 'timeout'] as const) {
    if ((redirect || (directResponse && key === 'rewrite')) && route[key] !== undefined) {
      check.error(route, key, `a redirect or direct response has no \`${key}\``, 'remove one of them');
    }
  }
  if (delegate && isDelegate)
    check.error(route, 'delegate', 'a delegate cannot delegate again', 'put the route here');
  for (const match of route.match ?? []) checkMatch(check, match);
  checkWeights(check, route);
  checkHeaders(check, route.headers);
  for (const each of route.route ?? []) checkHeaders(check, each.headers);
  if (route.retries) checkRetries(check, route.retries);
  if (route.fault) checkFault(check, route.fault);
  for (const origin of route.corsPolicy?.allowOrigins ?? []) checkString(check, origin);
  const rewrite = route.rewrite?.uriRegexRewrite;
  if (rewrite) checkRegex(check, rewrite, 'match', rewrite.match);
  if (route.rewrite && Object.keys(route.rewrite).length === 0) {
    check.error(route, 'rewrite', 'the rewrite does nothing', 'add `uri`, `uriRegexRewrite` or `authority`');
  }
}

function checkWeights(check: Rule, route: HttpRoute): void {
  const destinations = route.route ?? [];
  const total = destinations.reduce((sum, each) => sum + (each.weight ?? 0), 0);
  if (destinations.length > 1 && total === 0) {
    check.error(route, 'route', 'the weights add up to 0', 'give each destination a `weight`');
  }
  for (const each of destinations) checkHost(check, each.destination);
  if (route.mirror) checkHost(check, route.mirror);
  for (const each of route.mirrors ?? []) checkHost(check, each.destination);
}

function checkHost(check: Rule, destination: { readonly host: string }): void {
  const { host } = destination;
  if (!isHostName(host) || host.startsWith('*')) {
    check.error(destination, 'host', `\`${host}\` is no host to send to`, 'write the host of a ServiceEntry');
  }
}

function checkMatch(check: Rule, match: HttpMatch): void {
  for (const key of ['uri', 'scheme', 'method', 'authority'] as const) {
    const test = match[key];
    if (!test) continue;
    checkString(check, test);
    // istiod takes it, and it matches everything.
    if (Object.values(test).every((value) => value === '')) {
      check.warning(
        match,
        key,
        `the match on ${key} is empty`,
        'add `exact`, `prefix` or `regex`, or leave it out',
      );
    }
  }
  for (const key of ['headers', 'withoutHeaders', 'queryParams'] as const) {
    for (const test of Object.values(match[key] ?? {})) checkString(check, test);
  }
}

function checkString(check: Rule, test: StringMatch): void {
  if (test.regex !== undefined && test.regex !== '*') checkRegex(check, test, 'regex', test.regex);
}

function checkRegex(check: Rule, value: object, field: string, pattern: string): void {
  const fault = regexFault(pattern);
  if (fault)
    check.error(
      value,
      field,
      `\`${pattern}\` is no RE2 pattern: ${fault}`,
      'correct the pattern (no look-around, no back references)',
    );
}

const HEADER_NAME = /^(:[a-z]+|[!#$%&'*+\-.^_`|~0-9A-Za-z]+)$/;

function checkHeaders(check: Rule, headers: Headers | undefined): void {
  for (const operations of [headers?.request, headers?.response]) {
    for (const key of ['set', 'add'] as const) {
      for (const name of Object.keys(operations?.[key] ?? {})) {
        if (!HEADER_NAME.test(name)) {
          check.error(operations![key]!, name, `\`${name}\` is no header name`, 'use letters, digits and -');
        }
      }
    }
  }
}

const CONDITIONS = new Set([
  ...['5xx', 'gateway-error', 'reset', 'reset-before-request', 'connect-failure', 'envoy-ratelimited'],
  ...[
    'retriable-4xx',
    'refused-stream',
    'retriable-status-codes',
    'retriable-headers',
    'http3-post-connect-failure',
  ],
  ...['cancelled', 'deadline-exceeded', 'internal', 'resource-exhausted', 'unavailable'],
]);

function checkRetries(check: Rule, retries: Retries): void {
  const { attempts = 0, retryOn } = retries;
  if (attempts < 0) check.error(retries, 'attempts', 'attempts are negative', 'use 0 for no retries');
  if (attempts === 0 && (retryOn || retries.perTryTimeout !== undefined || retries.backoff !== undefined)) {
    check.error(
      retries,
      undefined,
      'a retry policy without attempts',
      'add `attempts`, or leave only `attempts: 0`',
    );
  }
  for (const part of (retryOn ?? '').split(',')) {
    if (part !== '' && !CONDITIONS.has(part) && !/^[1-5]\d\d$/.test(part)) {
      check.error(
        retries,
        'retryOn',
        `\`${part}\` is no retry condition`,
        `use status codes or ${[...CONDITIONS].join(', ')}`,
      );
    }
  }
}

function checkFault(check: Rule, fault: Fault): void {
  const { abort } = fault;
  if (!fault.delay && !abort)
    check.error(fault, undefined, 'the fault does nothing', 'add `delay` or `abort`');
  if (abort && abort.httpStatus === undefined && abort.grpcStatus === undefined) {
    check.error(abort, undefined, 'the abort has no status', 'add `httpStatus` or `grpcStatus`');
  }
  if (abort?.grpcStatus !== undefined && !GRPC_STATUS.includes(abort.grpcStatus)) {
    check.error(
      abort,
      'grpcStatus',
      `\`${abort.grpcStatus}\` is no gRPC status`,
      `use one of ${GRPC_STATUS.join(', ')}`,
    );
  }
}
