/** RouteMatch and the matchers in it, to the model. */

import type { HeaderMatch, HeaderTest, PathMatch, QueryMatch, RouteMatch, StringMatch } from '../model';
import type { Findings } from './decoded';
import type { pb } from './pb';
import { regexOf } from './regex';
import { reportUnsupported } from './unsupported-fields';
import { integer, runtimeFraction, wrappedBool } from './values';

type PbRouteMatch = pb.envoy.config.route.v3.RouteMatch.$Properties;
type PbHeaderMatcher = pb.envoy.config.route.v3.HeaderMatcher.$Properties;
type PbStringMatcher = pb.envoy.type.matcher.v3.StringMatcher.$Properties;

const NOTHING: StringMatch = { kind: 'exact', value: '', ignoreCase: false };

export function routeMatch(findings: Findings, message: PbRouteMatch, path: string): RouteMatch {
  reportUnsupported(findings, 'RouteMatch', message, path);
  const fraction = message.runtimeFraction;
  return {
    path: pathMatch(findings, message, path),
    headers: headerMatches(findings, message.headers, `${path}headers`),
    query: (message.queryParameters ?? []).map((q, i) =>
      queryMatch(findings, q, `${path}query_parameters[${i}]`),
    ),
    ...(fraction ? { runtimeFraction: runtimeFraction(findings, `${path}runtime_fraction`, fraction) } : {}),
  };
}

function pathMatch(findings: Findings, message: PbRouteMatch, path: string): PathMatch {
  const caseSensitive = wrappedBool(message.caseSensitive, true);
  if (isSet(message.prefix)) return { kind: 'prefix', value: message.prefix, caseSensitive };
  if (isSet(message.path)) return { kind: 'exact', value: message.path, caseSensitive };
  if (message.safeRegex) {
    return { kind: 'regex', value: regexOf(findings, `${path}safe_regex`, message.safeRegex), caseSensitive };
  }
  if (isSet(message.pathSeparatedPrefix)) {
    const value = message.pathSeparatedPrefix;
    // Envoy's own rule for this field: no slash at the end, no query, no fragment.
    if (!/^[^?#]+[^?#/]$/.test(value))
      findings.invalid(`${path}path_separated_prefix`, `"${value}" is not allowed`);
    return { kind: 'path-separated-prefix', value, caseSensitive };
  }
  if (!message.connectMatcher && !message.pathMatchPolicy) {
    findings.invalid(`${path}path_specifier`, 'is missing');
  }
  return { kind: 'prefix', value: '/', caseSensitive };
}

export function headerMatches(
  findings: Findings,
  messages: PbHeaderMatcher[] | null | undefined,
  path: string,
): HeaderMatch[] {
  return (messages ?? []).map((message, index) => headerMatch(findings, message, `${path}[${index}]`));
}

function headerMatch(findings: Findings, message: PbHeaderMatcher, path: string): HeaderMatch {
  if (!message.name) findings.invalid(`${path}.name`, 'is empty');
  return {
    name: (message.name ?? '').toLowerCase(),
    test: headerTest(findings, message, path),
    invert: message.invertMatch === true,
    treatMissingAsEmpty: message.treatMissingHeaderAsEmpty === true,
  };
}

function headerTest(findings: Findings, message: PbHeaderMatcher, path: string): HeaderTest {
  if (message.stringMatch) {
    return { kind: 'string', match: stringMatch(findings, message.stringMatch, `${path}.string_match`) };
  }
  if (message.safeRegexMatch) {
    const value = regexOf(findings, `${path}.safe_regex_match`, message.safeRegexMatch);
    return { kind: 'string', match: { kind: 'regex', value, ignoreCase: false } };
  }
  if (message.rangeMatch) {
    return { kind: 'range', start: integer(message.rangeMatch.start), end: integer(message.rangeMatch.end) };
  }
  if (isSet(message.exactMatch)) return plainTest(findings, 'exact', message.exactMatch, path);
  if (isSet(message.prefixMatch)) return plainTest(findings, 'prefix', message.prefixMatch, path);
  if (isSet(message.suffixMatch)) return plainTest(findings, 'suffix', message.suffixMatch, path);
  if (isSet(message.containsMatch)) return plainTest(findings, 'contains', message.containsMatch, path);
  // Nothing said is "the header is there", as in Envoy.
  return { kind: 'present', present: message.presentMatch ?? true };
}

function plainTest(findings: Findings, kind: PlainKind, value: string, path: string): HeaderTest {
  return { kind: 'string', match: plain(findings, kind, value, false, `${path}.${kind}_match`) };
}

function queryMatch(
  findings: Findings,
  message: pb.envoy.config.route.v3.QueryParameterMatcher.$Properties,
  path: string,
): QueryMatch {
  const name = message.name ?? '';
  if (name === '') findings.invalid(`${path}.name`, 'is empty');
  if (message.stringMatch) {
    return {
      name,
      test: { kind: 'string', match: stringMatch(findings, message.stringMatch, `${path}.string_match`) },
    };
  }
  return { name, test: { kind: 'present', present: message.presentMatch ?? true } };
}

type PlainKind = Exclude<StringMatch['kind'], 'regex'>;

export function stringMatch(findings: Findings, message: PbStringMatcher, path: string): StringMatch {
  const ignoreCase = message.ignoreCase === true;
  if (isSet(message.exact)) return plain(findings, 'exact', message.exact, ignoreCase, `${path}.exact`);
  if (isSet(message.prefix)) return plain(findings, 'prefix', message.prefix, ignoreCase, `${path}.prefix`);
  if (isSet(message.suffix)) return plain(findings, 'suffix', message.suffix, ignoreCase, `${path}.suffix`);
  if (isSet(message.contains))
    return plain(findings, 'contains', message.contains, ignoreCase, `${path}.contains`);
  if (message.safeRegex) {
    if (ignoreCase) findings.invalid(`${path}.ignore_case`, 'has no effect on a regex');
    return {
      kind: 'regex',
      value: regexOf(findings, `${path}.safe_regex`, message.safeRegex),
      ignoreCase: false,
    };
  }
  if (message.custom) findings.leaveOut(`${path}.custom`, 'the matcher is not known');
  else findings.invalid(`${path}.match_pattern`, 'is missing');
  return NOTHING;
}

function plain(
  findings: Findings,
  kind: PlainKind,
  value: string,
  ignoreCase: boolean,
  path: string,
): StringMatch {
  if (value === '' && kind !== 'exact') findings.invalid(path, 'is empty');
  return { kind, value, ignoreCase };
}

/** A member of a oneof that is the one: the empty string counts. */
export function isSet<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
