import type { PathMatch } from '../../model';
import { plainMatcher, type StringMatcher } from './plain';
import type { RegexPool } from './regex-pool';

/** Where a path (without query) must match, and how much of it a prefix rewrite replaces. */
export interface PathMatcher {
  matches(path: string): boolean;
  /** Length of what a prefix rewrite replaces; -1 = the whole path. */
  readonly prefixLength: number;
}

/** Throws for a regex that RE2 refuses and for an unknown kind. */
export function compilePathMatch(match: PathMatch, regexes: RegexPool): PathMatcher {
  switch (match.kind) {
    case 'exact':
      return plain(plainMatcher('exact', folded(match)), match, -1);
    case 'prefix':
      return match.value === '/' || match.value === ''
        ? new AnyPath(match.value)
        : plain(plainMatcher('prefix', folded(match)), match, match.value.length);
    case 'path-separated-prefix':
      return plain(new SeparatedPrefix(folded(match)), match, match.value.length);
    case 'regex':
      return new PathTest(regexes.matcher(':path', match.value), -1);
    default:
      throw new TypeError(`unknown kind of path match: ${String(match.kind)}`);
  }
}

function folded(match: PathMatch): string {
  return match.caseSensitive ? match.value : match.value.toLowerCase();
}

function plain(matcher: StringMatcher, match: PathMatch, prefixLength: number): PathMatcher {
  return match.caseSensitive ? new PathTest(matcher, prefixLength) : new FoldedPath(matcher, prefixLength);
}

/** `prefix: "/"`, what a route without uri has: no test at all, also for `OPTIONS *` and CONNECT. */
class AnyPath implements PathMatcher {
  readonly prefixLength: number;
  constructor(prefix: string) {
    this.prefixLength = prefix.length;
  }
  matches(): boolean {
    return true;
  }
}

class PathTest implements PathMatcher {
  constructor(
    private readonly matcher: StringMatcher,
    readonly prefixLength: number,
  ) {}
  matches(path: string): boolean {
    return this.matcher.matches(path);
  }
}

class FoldedPath implements PathMatcher {
  constructor(
    private readonly matcher: StringMatcher,
    readonly prefixLength: number,
  ) {}
  matches(path: string): boolean {
    return this.matcher.matches(path.toLowerCase());
  }
}

/** `/api` takes `/api` and `/api/x`, not `/apix`. */
class SeparatedPrefix implements StringMatcher {
  constructor(private readonly prefix: string) {}
  matches(path: string): boolean {
    const { prefix } = this;
    return (
      path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 47)
    );
  }
}
