import type { HeaderMatch } from '../../model';
import type { StringMatcher } from './plain';
import type { RegexPool } from './regex-pool';
import { compileStringMatch } from './string';

/** The lines of one header: none, one, or several. */
export type HeaderLines = string | readonly string[] | undefined;

/** Envoy's HeaderMatcher: several lines of one name are looked at one by one. */
export interface HeaderMatcher {
  /** Lower case; may be a pseudo header. */
  readonly name: string;
  matches(lines: HeaderLines): boolean;
}

/** Throws for a regex that RE2 refuses and for an unknown kind. */
export function compileHeaderMatch(match: HeaderMatch, regexes: RegexPool): HeaderMatcher {
  const { test } = match;
  switch (test.kind) {
    case 'present':
      return new Presence(match.name, test.present !== match.invert);
    case 'range':
      return new ValueTest(match, new Range(test.start, test.end));
    case 'string':
      return new ValueTest(match, compileStringMatch(test.match, regexes, match.name));
    default:
      throw new TypeError('unknown kind of header match');
  }
}

/** An empty value counts as present. */
class Presence implements HeaderMatcher {
  constructor(
    readonly name: string,
    private readonly wanted: boolean,
  ) {}
  matches(lines: HeaderLines): boolean {
    return (lines !== undefined && (typeof lines === 'string' || lines.length > 0)) === this.wanted;
  }
}

class ValueTest implements HeaderMatcher {
  readonly name: string;
  private readonly invert: boolean;
  private readonly treatMissingAsEmpty: boolean;

  constructor(
    match: HeaderMatch,
    private readonly value: StringMatcher,
  ) {
    this.name = match.name;
    this.invert = match.invert;
    this.treatMissingAsEmpty = match.treatMissingAsEmpty;
  }

  /** Any line may match; when inverted, none may. A missing header never matches, unless it counts as empty. */
  matches(lines: HeaderLines): boolean {
    if (typeof lines === 'string') return this.value.matches(lines) !== this.invert;
    if (lines === undefined || lines.length === 0) {
      return this.treatMissingAsEmpty && this.value.matches('') !== this.invert;
    }
    for (const line of lines) if (this.value.matches(line)) return !this.invert;
    return this.invert;
  }
}

/** Integer in [start, end). */
class Range implements StringMatcher {
  constructor(
    private readonly start: number,
    private readonly end: number,
  ) {}
  matches(value: string): boolean {
    if (!/^\s*[+-]?\d+\s*$/.test(value)) return false;
    const number = Number(value);
    return number >= this.start && number < this.end;
  }
}
