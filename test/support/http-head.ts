import type { RequestHead } from '../../src/call';
import { MatchInput, normalizePath } from '../../src/routing';

type Headers = Readonly<Record<string, string | readonly string[]>>;

export interface HeadChanges {
  readonly method?: string;
  readonly authority?: string;
  readonly scheme?: 'http' | 'https';
  /** Names in lower case. */
  readonly headers?: Headers;
}

/** A request head; GET to `reviews` unless said otherwise. */
export function head(path: string, changes: HeadChanges = {}): RequestHead {
  const { headers = {} } = changes;
  return {
    method: changes.method ?? 'GET',
    path,
    authority: changes.authority ?? 'reviews',
    scheme: changes.scheme ?? 'http',
    header: (name) => (Object.hasOwn(headers, name) ? headers[name] : undefined),
  };
}

/** What matchers see of such a request; draws nothing unless `random` is given. */
export function matchInput(
  path: string,
  changes: HeadChanges = {},
  random: () => number = () => 0,
): MatchInput {
  const request = head(path, changes);
  return new MatchInput(request, normalizePath(path), request.authority, random);
}
