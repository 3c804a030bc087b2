import type { RouteMatch } from '../../model';
import type { MatchInput } from '../request';
import { drawFraction } from './fraction';
import { compileHeaderMatch, type HeaderMatcher } from './header';
import { compilePathMatch, type PathMatcher } from './path';
import { compileQueryMatch, type QueryMatcher } from './query';
import type { RegexPool } from './regex-pool';

/** All conditions of one route. */
export class RouteMatcher {
  readonly path: PathMatcher;
  private readonly headers: readonly HeaderMatcher[];
  private readonly query: readonly QueryMatcher[];

  /** Throws for a regex that RE2 refuses and for conditions of an unknown kind. */
  constructor(
    private readonly rule: RouteMatch,
    regexes: RegexPool,
  ) {
    this.path = compilePathMatch(rule.path, regexes);
    this.headers = rule.headers.map((match) => compileHeaderMatch(match, regexes));
    this.query = rule.query.map((match) => compileQueryMatch(match, regexes));
  }

  matches(input: MatchInput): boolean {
    if (!this.path.matches(input.path)) return false;
    for (const matcher of this.headers) if (!matcher.matches(input.header(matcher.name))) return false;
    for (const matcher of this.query) if (!matcher.matches(input.query)) return false;
    const fraction = this.rule.runtimeFraction;
    return fraction === undefined || drawFraction(fraction, input.random);
  }
}
