/**
 * What a route's hash policies make of a request: the key for RING_HASH and MAGLEV. Envoy's rules: every policy whose
 * part of the request is there adds to the key, in order; a terminal one ends it.
 */

import { NO_SEED, type U64, xxHash64 } from '../cluster';
import type { HashPolicy } from '../model';
import type { HeaderEdit, HeaderLookup, MatchInput } from './request';

/** The key, and the cookie that Envoy makes for a client that has none yet. */
export interface RequestHash {
  /** undefined: nothing of the request counts, any host will do. */
  readonly key: U64 | undefined;
  readonly cookies: readonly HeaderEdit[];
}

export interface HashSources {
  /** Address of this process, as an upstream sees it; empty when unknown. */
  readonly sourceIp: string;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

const NO_COOKIES: readonly HeaderEdit[] = [];

export function hashRequest(
  policies: readonly HashPolicy[],
  input: MatchInput,
  sources: HashSources,
): RequestHash {
  let key: U64 | undefined;
  let cookies: HeaderEdit[] | undefined;
  for (const policy of policies) {
    let value = partOf(policy, input, sources);
    if (value === undefined && policy.kind === 'cookie' && policy.ttlMs !== undefined) {
      const made = newCookieValue(sources.random);
      value = made;
      cookies ??= [];
      cookies.push(setCookie(policy.name, made, policy.ttlMs, policy.path));
    }
    if (value !== undefined) key = joined(key, hashOf(value));
    if (policy.terminal && key !== undefined) break;
  }
  return { key, cookies: cookies ?? NO_COOKIES };
}

function partOf(
  policy: HashPolicy,
  input: MatchInput,
  { sourceIp }: HashSources,
): string | readonly string[] | undefined {
  switch (policy.kind) {
    case 'header':
      return input.header(policy.name);
    case 'cookie':
      return cookieValue(input.header('cookie'), policy.name) || undefined;
    case 'query':
      return queryValue(input.query, policy.name);
    case 'source-ip':
      return sourceIp === '' ? undefined : sourceIp;
  }
}

/** The order of several header lines does not count: each is the seed of the next, in alphabetical order. */
function hashOf(value: string | readonly string[]): U64 {
  if (typeof value === 'string') return xxHash64(Buffer.from(value, 'latin1'));
  return [...value].sort().reduce((seed, line) => xxHash64(Buffer.from(line, 'latin1'), seed), NO_SEED);
}

/** The raw value of the first of that name; names are case-sensitive. */
function queryValue(query: string, name: string): string | undefined {
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=');
    if ((equals < 0 ? pair : pair.slice(0, equals)) !== name || pair === '') continue;
    return equals < 0 ? '' : pair.slice(equals + 1);
  }
  return undefined;
}

/** The first of that name, without the double quotes that Envoy puts around its own. */
function cookieValue(lines: ReturnType<HeaderLookup>, name: string): string | undefined {
  if (lines === undefined) return undefined;
  for (const line of typeof lines === 'string' ? [lines] : lines) {
    for (const part of line.split(';')) {
      const equals = part.indexOf('=');
      if (equals < 0 || part.slice(0, equals).replace(/^ +/, '') !== name) continue;
      const value = part.slice(equals + 1);
      return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
    }
  }
  return undefined;
}

/** Envoy hashes the client's connection; a call of ours has none, so any number serves. */
function newCookieValue(random: () => number): string {
  return hex32(random) + hex32(random);
}

function hex32(random: () => number): string {
  return Math.floor(random() * 0x100000000)
    .toString(16)
    .padStart(8, '0');
}

/** A ttl of 0 makes a session cookie. */
function setCookie(name: string, value: string, ttlMs: number, path: string): HeaderEdit {
  const age = ttlMs === 0 ? '' : `; Max-Age=${Math.floor(ttlMs / 1000)}`;
  const where = path === '' ? '' : `; Path=${path}`;
  return { op: 'add', name: 'set-cookie', value: `${name}="${value}"${age}${where}; HttpOnly` };
}

/** Turning what came before keeps equal parts from cancelling each other out. */
function joined(before: U64 | undefined, { hi, lo }: U64): U64 {
  if (before === undefined) return { hi, lo };
  const turnedHi = (before.hi << 1) | (before.lo >>> 31);
  const turnedLo = (before.lo << 1) | (before.hi >>> 31);
  return { hi: (turnedHi ^ hi) >>> 0, lo: (turnedLo ^ lo) >>> 0 };
}
