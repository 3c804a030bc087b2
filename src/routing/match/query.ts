import type { QueryMatch } from '../../model';
import type { StringMatcher } from './plain';
import type { RegexPool } from './regex-pool';
import { compileStringMatch } from './string';

/** One query parameter test. */
export interface QueryMatcher {
  matches(query: string): boolean;
}

/** Throws for a regex that RE2 refuses. */
export function compileQueryMatch(match: QueryMatch, regexes: RegexPool): QueryMatcher {
  return match.test.kind === 'present'
    ? new ParameterPresence(match.name, match.test.present)
    : new ParameterTest(match.name, compileStringMatch(match.test.match, regexes, `?${match.name}`));
}

class ParameterPresence implements QueryMatcher {
  constructor(
    private readonly name: string,
    private readonly wanted: boolean,
  ) {}
  matches(query: string): boolean {
    return (queryParameter(query, this.name) !== undefined) === this.wanted;
  }
}

class ParameterTest implements QueryMatcher {
  constructor(
    private readonly name: string,
    private readonly value: StringMatcher,
  ) {}
  matches(query: string): boolean {
    const value = queryParameter(query, this.name);
    return value !== undefined && this.value.matches(value);
  }
}

/**
 * The raw value (not percent-decoded) of the first parameter of that name; empty for `?flag`; undefined when absent.
 * `query` is without `?`.
 */
export function queryParameter(query: string, name: string): string | undefined {
  for (let start = 0; start < query.length; ) {
    let end = query.indexOf('&', start);
    if (end < 0) end = query.length;
    if (query.startsWith(name, start)) {
      const after = start + name.length;
      if (after === end) return '';
      if (after < end && query.charCodeAt(after) === 61 /* = */) return query.slice(after + 1, end);
    }
    start = end + 1;
  }
  return undefined;
}
