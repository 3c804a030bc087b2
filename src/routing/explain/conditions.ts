/**
 * Why a route takes a request or not: each of its conditions by itself, by the very matchers that calls use. Made for
 * a person who asks, not for calls: everything is compiled anew.
 */

import type { RouteMatch } from '../../model';
import { compileHeaderMatch, type HeaderLines } from '../match/header';
import { compilePathMatch } from '../match/path';
import { compileQueryMatch, queryParameter } from '../match/query';
import { RegexPool } from '../match/regex-pool';
import type { MatchInput } from '../request';
import { describeHeaderMatch, describePathMatch, describeQueryMatch } from './describe';

/** One condition of a route beside what the request has. */
export interface Condition {
  /** `path`, `header x-user`, `method`, `query debug`. */
  readonly subject: string;
  /** What it must be, in words: `prefix "/api"`. */
  readonly wanted: string;
  /** What the request has; null = nothing. */
  readonly actual: string | readonly string[] | null;
  readonly holds: boolean;
}

/** All conditions in the order they are tested. Throws for a regex that RE2 refuses, as compiling the route does. */
export function conditionsOf(match: RouteMatch, input: MatchInput): Condition[] {
  const regexes = new RegexPool();
  const conditions: Condition[] = [];
  const path = compilePathMatch(match.path, regexes);
  conditions.push({
    subject: 'path',
    wanted: describePathMatch(match.path),
    actual: input.path,
    holds: path.matches(input.path),
  });
  for (const rule of match.headers) {
    const lines = input.header(rule.name);
    conditions.push({
      subject: subjectOf(rule.name),
      wanted: describeHeaderMatch(rule),
      actual: actualOf(lines),
      holds: compileHeaderMatch(rule, regexes).matches(lines),
    });
  }
  for (const rule of match.query) {
    conditions.push({
      subject: `query ${rule.name}`,
      wanted: describeQueryMatch(rule),
      actual: queryParameter(input.query, rule.name) ?? null,
      holds: compileQueryMatch(rule, regexes).matches(input.query),
    });
  }
  return conditions;
}

function subjectOf(header: string): string {
  return header.startsWith(':') ? header.slice(1) : `header ${header}`;
}

function actualOf(lines: HeaderLines): Condition['actual'] {
  if (lines === undefined || typeof lines === 'string') return lines ?? null;
  return lines.length > 1 ? lines : (lines[0] ?? null);
}
