/** HTTPMatchRequest to Envoy's RouteMatch. */

import type { HttpMatch, StringMatch } from '../api';
import { type HeaderMatcherPb, type pb, type RouteMatchPb, type RoutePb, wrap } from './pb';

type StringMatcherPb = pb.envoy.type.matcher.v3.StringMatcher.$Properties;

export function routeMatch(match: HttpMatch | undefined): RouteMatchPb {
  if (!match) return { prefix: '/' };
  const named = [
    ...Object.entries(match.headers ?? {}).map(([name, test]) => headerMatch(name, test)),
    ...Object.entries(match.withoutHeaders ?? {}).map(([name, test]) => ({
      ...headerMatch(name, test),
      invertMatch: true,
      treatMissingHeaderAsEmpty: !isPresence(test),
    })),
  ];
  named.sort((a, b) => compare(a.name!, b.name!));
  if (match.method) named.push(headerMatch(':method', match.method));
  if (match.authority) named.push(headerMatch(':authority', match.authority));
  if (match.scheme) named.push(headerMatch(':scheme', match.scheme));
  return {
    ...pathMatch(match.uri),
    caseSensitive: wrap(!match.ignoreUriCase),
    headers: named,
    queryParameters: Object.entries(match.queryParams ?? {})
      .sort(([a], [b]) => compare(a, b))
      .map(([name, test]) =>
        isPresence(test) ? { name, presentMatch: true } : { name, stringMatch: stringMatcher(test) },
      ),
  };
}

function pathMatch(uri: StringMatch | undefined): RouteMatchPb {
  if (uri?.exact !== undefined) return { path: uri.exact };
  if (uri?.regex !== undefined) return { safeRegex: { regex: uri.regex } };
  return { prefix: uri?.prefix ?? '/' };
}

function headerMatch(name: string, test: StringMatch): HeaderMatcherPb {
  return isPresence(test) ? { name, presentMatch: true } : { name, stringMatch: stringMatcher(test) };
}

/** An empty match, and the regex `*` that is none, ask only whether the name is there. */
function isPresence(test: StringMatch): boolean {
  return (test.exact ?? test.prefix ?? test.regex) === undefined || test.regex === '*';
}

export function stringMatcher(test: StringMatch): StringMatcherPb {
  if (test.exact !== undefined) return { exact: test.exact };
  if (test.prefix !== undefined) return { prefix: test.prefix };
  return { safeRegex: { regex: test.regex ?? '' } };
}

/** Nothing behind such a route can match. */
export function isCatchAll({ match }: RoutePb): boolean {
  const path = match?.prefix === '/' || match?.safeRegex?.regex === '.*';
  return path && !match?.headers?.length && !match?.queryParameters?.length;
}

export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
