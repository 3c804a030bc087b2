/**
 * RE2 patterns. Most patterns of real VirtualServices are plain strings in disguise (`/api/.*`, `.*\.json`,
 * `a|b`-free literals): they become string operations and never load the RE2 library, which costs 6–16 ms.
 */

import { plainMatcher, type StringMatcher } from './plain';

type Re2Library = typeof import('re2js');
let library: Re2Library | undefined;

/** Loaded at the first pattern that needs it: when a view is compiled, never during a call. */
export function re2(): Re2Library {
  library ??= require('re2js') as Re2Library;
  return library;
}

const ANY = '.*';
/** Characters that mean themselves outside a class. */
const PLAIN = /^[^\\.+*?()|[\]{}^$]$/;

/**
 * The string operation that a pattern amounts to, or undefined. `.` is "any but a line feed" in RE2; header values
 * and paths of a request cannot hold one.
 */
export function literalInDisguise(pattern: string): StringMatcher | undefined {
  let body = pattern;
  if (body.startsWith('^')) body = body.slice(1);
  if (endsWithAnchor(body)) body = body.slice(0, -1);
  const open = body.startsWith(ANY);
  if (open) body = body.slice(ANY.length);
  const close = body.endsWith(ANY) && !body.endsWith(`\\${ANY}`);
  if (close) body = body.slice(0, -ANY.length);
  const literal = unescapeLiteral(body);
  if (literal === undefined) return undefined;
  if (open && close) return plainMatcher('contains', literal);
  if (open) return plainMatcher('suffix', literal);
  return plainMatcher(close ? 'prefix' : 'exact', literal);
}

function endsWithAnchor(body: string): boolean {
  return body.endsWith('$') && !body.endsWith('\\$');
}

/** The text of a pattern without operators; undefined when it has some. */
function unescapeLiteral(body: string): string | undefined {
  let text = '';
  for (let i = 0; i < body.length; i++) {
    const char = body[i] as string;
    if (char === '\\') {
      const escaped = body[++i];
      if (escaped === undefined || /[A-Za-z0-9]/.test(escaped)) return undefined;
      text += escaped;
    } else if (PLAIN.test(char)) {
      text += char;
    } else {
      return undefined;
    }
  }
  return text;
}
