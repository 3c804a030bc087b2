import type { RedirectAction } from '../../model';
import type { PathMatcher } from '../match/path';
import type { MatchInput } from '../request';
import { compilePathRewrite, type PathRewrite } from './rewrite';

/** Makes the `location` of a redirect, always absolute. */
export class Redirect {
  private readonly rewrite: PathRewrite | undefined;

  /** Throws for a regex that RE2 refuses. */
  constructor(
    private readonly action: RedirectAction,
    match: PathMatcher,
  ) {
    this.rewrite = compilePathRewrite(action, match);
  }

  location(input: MatchInput): string {
    const { action } = this;
    const scheme = action.scheme ? action.scheme : input.scheme;
    const port = action.port === undefined ? '' : `:${action.port}`;
    const host = action.host ? action.host : requestHost(input, scheme, port !== '');
    return `${scheme}://${host}${port}${this.path(input)}`;
  }

  private path(input: MatchInput): string {
    const { path, stripQuery } = this.action;
    if (path) return path.includes('?') || stripQuery || input.query === '' ? path : `${path}?${input.query}`;
    const target = this.rewrite === undefined ? input.target : this.rewrite.rewrite(input.target, input.path);
    const mark = stripQuery ? target.indexOf('?') : -1;
    return mark < 0 ? target : target.slice(0, mark);
  }
}

/** The request's host; its port goes when the rule sets one, or when it was only the old scheme's default. */
function requestHost(input: MatchInput, scheme: string, replacesPort: boolean): string {
  const { authority } = input;
  const colon = authority.lastIndexOf(':');
  if (colon < 0 || authority.endsWith(']')) return authority;
  const port = authority.slice(colon);
  const old = input.scheme;
  const wasDefault = scheme !== old && port === (old === 'https' ? ':443' : ':80');
  return replacesPort || wasDefault ? authority.slice(0, colon) : authority;
}
