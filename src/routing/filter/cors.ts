/** Envoy's CORS filter: it answers preflights of allowed origins itself and marks the answers to actual requests. */

import type { CorsPolicy } from '../../model';
import type { StringMatcher } from '../match/plain';
import type { RegexPool } from '../match/regex-pool';
import { compileStringMatch } from '../match/string';
import { firstLine, type HeaderEdit, type MatchInput } from '../request';

type Lines = readonly (readonly [string, string])[];

const NO_EDITS: readonly HeaderEdit[] = [];

export class Cors {
  private readonly origins: readonly StringMatcher[];

  /** Throws for a regex that RE2 refuses. */
  constructor(
    private readonly policy: CorsPolicy,
    regexes: RegexPool,
  ) {
    this.origins = policy.allowOrigins.map((match) => compileStringMatch(match, regexes, 'origin'));
  }

  /**
   * The header lines of the 200 that answers a preflight; undefined when the request goes to the upstream: it is no
   * preflight, or its origin is not allowed and the policy forwards those.
   */
  preflight(input: MatchInput): Lines | undefined {
    const origin = firstLine(input.header('origin'));
    if (!origin || input.head.method !== 'OPTIONS') return undefined;
    if (!firstLine(input.header('access-control-request-method'))) return undefined;
    const { policy } = this;
    const allowed = this.allows(origin);
    if (!allowed && policy.forwardNotMatchingPreflights) return undefined;
    const lines: (readonly [string, string])[] = [];
    if (allowed) lines.push(['access-control-allow-origin', origin]);
    if (policy.allowCredentials) lines.push(['access-control-allow-credentials', 'true']);
    add(lines, 'access-control-allow-methods', policy.allowMethods);
    add(lines, 'access-control-allow-headers', policy.allowHeaders);
    if (allowed) add(lines, 'access-control-expose-headers', policy.exposeHeaders);
    add(lines, 'access-control-max-age', policy.maxAge);
    return lines;
  }

  /** The changes to the answer of an actual request; none unless its origin is allowed. */
  responseEdits(input: MatchInput): readonly HeaderEdit[] {
    const origin = firstLine(input.header('origin'));
    if (!origin || !this.allows(origin)) return NO_EDITS;
    const lines: (readonly [string, string])[] = [['access-control-allow-origin', origin]];
    if (this.policy.allowCredentials) lines.push(['access-control-allow-credentials', 'true']);
    add(lines, 'access-control-expose-headers', this.policy.exposeHeaders);
    return lines.map(([name, value]) => ({ op: 'set', name, value }));
  }

  /** A rule that takes `*` takes every origin, as in Envoy. */
  private allows(origin: string): boolean {
    return this.origins.some((matcher) => matcher.matches('*') || matcher.matches(origin));
  }
}

function add(lines: (readonly [string, string])[], name: string, value: string): void {
  if (value !== '') lines.push([name, value]);
}
