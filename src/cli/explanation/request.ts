/** The call that is asked about, from the command line. */

import type { RequestHead } from '../../call/explain';
import { canonicalHost } from '../../routing';
import { CliError } from '../error';

export interface AskedCall {
  readonly url: string;
  readonly scheme: 'http' | 'https';
  /** Lower case, no trailing dot, no brackets. */
  readonly host: string;
  readonly port: number;
  readonly head: RequestHead;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

/** `headers`: lines as `name: value`. @throws {CliError} for what is no http(s) URL or no header line */
export function askedCall(url: string, method: string, lines: readonly string[]): AskedCall {
  const found = /^(https?):\/\/([^/?#]*)([^#]*)/i.exec(url);
  // The standard's parser checks host and port; the path is taken as it was written, dots and all, as Node sends it.
  const parsed = parseUrl(url);
  if (found === null || parsed === undefined || parsed.hostname === '') {
    throw new CliError(`"${url}" is no URL to call; write http://host[:port]/path`);
  }
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(method)) throw new CliError(`"${method}" is no HTTP method`);
  const scheme = parsed.protocol === 'https:' ? 'https' : 'http';
  const headers = headersOf(lines);
  const rest = found[3] as string;
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  const authority = headers['host']?.[0] ?? parsed.host;
  return {
    url,
    scheme,
    host: canonicalHost(parsed.hostname),
    port: parsed.port === '' ? (scheme === 'https' ? 443 : 80) : Number(parsed.port),
    head: { method: method.toUpperCase(), path, authority, scheme, header: (name) => headers[name] },
    headers,
  };
}

function parseUrl(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    // The caller says what is expected.
    return undefined;
  }
}

function headersOf(lines: readonly string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) {
      throw new CliError(`"${line}" is no header line; write 'name: value'`);
    }
    const values = headers[name] ?? [];
    values.push(line.slice(colon + 1).trim());
    headers[name] = values;
  }
  return headers;
}
