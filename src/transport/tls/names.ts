/** Whether a peer's certificate is one for a name, as Envoy compares them. The subject's common name never counts. */

import { isIP, isIPv6 } from 'node:net';

/** A subject alternative name as Node prints it. */
export interface AltName {
  /** `DNS`, `IP Address`, `URI`, `email`, … */
  readonly type: string;
  readonly value: string;
}

/** One entry of Node's `subjectaltname`: values with separators in them are in double quotes, as JSON. */
const ENTRY = /([^:,]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy;

/** `DNS:a.test, IP Address:10.0.0.1` taken apart; undefined when it cannot be told apart, which then matches nothing. */
export function altNames(text: string): readonly AltName[] | undefined {
  const names: AltName[] = [];
  ENTRY.lastIndex = 0;
  while (ENTRY.lastIndex < text.length) {
    const entry = ENTRY.exec(text);
    if (entry === null) return undefined;
    const value = entry[2]!;
    names.push({ type: entry[1]!, value: value.startsWith('"') ? unquoted(value) : value });
  }
  return names;
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    // No certificate has an empty name of use, so this one matches nothing.
    return '';
  }
}

/** One of the certificate's names is one of those wanted. */
export function hasName(names: readonly AltName[], wanted: readonly string[]): boolean {
  return names.some((name) => wanted.some((one) => isNamed(one, name)));
}

function isNamed(wanted: string, { type, value }: AltName): boolean {
  if (value === '') return false;
  if (type === 'DNS') return matchesDns(wanted, value);
  if (type === 'IP Address') return isIP(wanted) !== 0 && canonical(wanted) === canonical(value);
  return (type === 'URI' || type === 'email') && wanted === value;
}

/** One spelling for every IPv6 address. */
function canonical(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname : address;
}

/** Envoy's `dnsNameMatch`: a `*` may stand in the first label of the certificate's name, for no dot, not in an A-label. */
export function matchesDns(name: string, pattern: string): boolean {
  const lower = name.toLowerCase();
  const wanted = pattern.toLowerCase();
  if (lower === wanted) return true;
  const dot = lower.indexOf('.');
  const patternDot = wanted.indexOf('.');
  if (dot < 0 || patternDot < 0 || lower.slice(dot) !== wanted.slice(patternDot)) return false;
  const label = wanted.slice(0, patternDot);
  const star = label.indexOf('*');
  if (star < 0 || star !== label.lastIndexOf('*')) return false;
  if (label.startsWith('xn--') || wanted.indexOf('*', patternDot) >= 0) return false;
  const first = lower.slice(0, dot);
  const [head, tail] = [label.slice(0, star), label.slice(star + 1)];
  return first.length >= label.length - 1 && first.startsWith(head) && first.endsWith(tail);
}
