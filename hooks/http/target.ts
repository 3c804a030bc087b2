/** Where a call goes, read from the arguments as they are: nothing is copied or normalised before the answer is "ours". */

import type * as http from 'node:http';
import { URL } from 'node:url';
import type { Scheme } from '../../src/call';

export interface Target {
  scheme: Scheme;
  host: string;
  port: number;
}

/** What of the application's options decides. */
export interface RequestOptions {
  readonly hostname?: unknown;
  readonly host?: unknown;
  readonly port?: unknown;
  readonly defaultPort?: unknown;
  readonly socketPath?: unknown;
  readonly createConnection?: unknown;
  readonly agent?: unknown;
  readonly _defaultAgent?: unknown;
}

/** One answer object, used again: `readTarget` and its caller run in one go. */
const answer: Target = { scheme: 'http', host: '', port: 0 };

/**
 * Reads `(options)`, `(url)`, `(url, options)` with or without a callback, as Node would. `defaultAgent` is the
 * module's global agent. Undefined: nothing that could be ours, or something Node itself will refuse.
 */
export function readTarget(
  input: unknown,
  second: unknown,
  defaultAgent: http.Agent | undefined,
): Target | undefined {
  let options: RequestOptions | undefined;
  let host: unknown;
  let port: unknown;
  if (typeof input === 'string') {
    if (!readUrl(input)) return undefined;
    host = answer.host;
    port = answer.port;
    options = asOptions(second);
  } else if (typeof input === 'object' && input !== null) {
    const first = input as RequestOptions & {
      href?: unknown;
      protocol?: unknown;
      auth?: unknown;
      path?: unknown;
    };
    if (isUrl(first)) {
      options = asOptions(second);
      host = (first.hostname as string) || undefined;
      port = first.port;
    } else {
      options = first;
    }
  } else {
    // `(null, options)` and `(undefined, options)` never worked; Node says so itself.
    return undefined;
  }
  if (options !== undefined) {
    if (options.socketPath) return undefined;
    // Node merges first and prefers `hostname`, wherever it comes from.
    host = options.hostname || host || options.host;
    port = options.port || port || options.defaultPort;
  }
  if (host === undefined || host === null || host === '') host = 'localhost';
  if (typeof host !== 'string') return undefined;
  const agent = (options?.agent || options?._defaultAgent || defaultAgent) as http.Agent | undefined;
  const protocol = (agent as { protocol?: unknown } | undefined)?.protocol;
  answer.scheme = protocol === 'https:' ? 'https' : 'http';
  answer.host = host.charCodeAt(0) === 91 && host.endsWith(']') ? host.slice(1, -1) : host;
  const number = port
    ? +(port as string)
    : +((agent as { defaultPort?: number } | undefined)?.defaultPort ?? 80);
  if (!(number > 0 && number < 65_536)) return undefined;
  answer.port = number;
  return answer;
}

/** As Node tells URL objects from options. */
function isUrl(value: { href?: unknown; protocol?: unknown; auth?: unknown; path?: unknown }): boolean {
  return (
    value instanceof URL ||
    Boolean(value.href && value.protocol && value.auth === undefined && value.path === undefined)
  );
}

function asOptions(value: unknown): RequestOptions | undefined {
  return typeof value === 'object' && value !== null ? (value as RequestOptions) : undefined;
}

/** `http://user@host:8080/…` without building a URL; fills host and port of `answer`. Odd ones are parsed properly. */
function readUrl(text: string): boolean {
  const start = text.indexOf('://');
  if (start < 0) return parseUrl(text);
  let end = start + 3;
  let at = -1;
  let colon = -1;
  for (; end < text.length; end++) {
    const c = text.charCodeAt(end);
    if (c === 47 || c === 63 || c === 35) break;
    if (c === 64) {
      at = end;
      colon = -1;
    } else if (c === 58) colon = end;
    // Brackets, backslashes, percent signs, white space and non-ASCII mean more than they show.
    else if (c === 91 || c === 92 || c === 37 || c <= 32 || c > 126) return parseUrl(text);
  }
  const from = at < 0 ? start + 3 : at + 1;
  if (from === end) return false;
  answer.host = text.slice(from, colon < 0 ? end : colon);
  answer.port = colon < 0 || colon + 1 === end ? 0 : +text.slice(colon + 1, end);
  return true;
}

function parseUrl(text: string): boolean {
  try {
    const url = new URL(text);
    answer.host = url.hostname;
    answer.port = +url.port;
    return true;
  } catch {
    // Not a URL: Node throws the right error itself.
    return false;
  }
}
