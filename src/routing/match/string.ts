import type { StringMatch } from '../../model';
import { plainMatcher, type StringMatcher } from './plain';
import type { RegexPool } from './regex-pool';

/**
 * Envoy's StringMatcher; a regex must match the whole value. `subject` names what is looked at: patterns over
 * one subject share their work. Throws for a regex that RE2 refuses.
 */
export function compileStringMatch(match: StringMatch, regexes: RegexPool, subject: string): StringMatcher {
  if (match.kind === 'regex') return regexes.matcher(subject, match.value);
  const value = match.ignoreCase ? match.value.toLowerCase() : match.value;
  const matcher = plainMatcher(match.kind, value);
  return match.ignoreCase ? new IgnoreCase(matcher) : matcher;
}

class IgnoreCase implements StringMatcher {
  constructor(private readonly inner: StringMatcher) {}
  matches(value: string): boolean {
    return this.inner.matches(value.toLowerCase());
  }
}
