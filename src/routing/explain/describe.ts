/** Conditions of routes in words. */

import type { HeaderMatch, PathMatch, QueryMatch, StringMatch } from '../../model';

/** `prefix "/api"`, `regex "/v\d+" (the whole path)`. */
export function describePathMatch({ kind, value, caseSensitive }: PathMatch): string {
  const ignoring = caseSensitive || kind === 'regex' ? '' : ', in any case';
  switch (kind) {
    case 'path-separated-prefix':
      return `${quoted(value)} or below it${ignoring}`;
    case 'regex':
      return `regex ${quoted(value)} (the whole path)`;
    default:
      return `${kind} ${quoted(value)}${ignoring}`;
  }
}

/** `exact "beta"`, `not present`, `number in [1, 10)`. */
export function describeHeaderMatch({ test, invert, treatMissingAsEmpty }: HeaderMatch): string {
  const empty = treatMissingAsEmpty ? ' (a missing one counts as empty)' : '';
  switch (test.kind) {
    case 'present':
      return test.present !== invert ? 'present' : 'not present';
    case 'range':
      return `${invert ? 'not ' : ''}a number in [${test.start}, ${test.end})${empty}`;
    case 'string':
      return `${invert ? 'not ' : ''}${describeStringMatch(test.match)}${empty}`;
  }
}

export function describeQueryMatch({ test }: QueryMatch): string {
  if (test.kind === 'string') return describeStringMatch(test.match);
  return test.present ? 'present' : 'not present';
}

function describeStringMatch({ kind, value, ignoreCase }: StringMatch): string {
  return `${kind} ${quoted(value)}${ignoreCase ? ', in any case' : ''}`;
}

const LONGEST = 200;

function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
}
