/** Envoy refuses a regex that RE2 cannot compile; so do we, before it reaches a call. */

import type { Findings } from './decoded';
import type { pb } from './pb';

/** No metacharacter at all: valid without asking RE2, which takes 16 ms to load. */
const PLAIN = /^[\w\s/:,;=~@#%&!'"<>-]*$/;

const known = new Map<string, string | undefined>();
const MAX_KNOWN = 10_000;

/** The regex of a matcher, noted as invalid when missing or malformed. */
export function regexOf(
  findings: Findings,
  field: string,
  matcher: pb.envoy.type.matcher.v3.RegexMatcher.$Properties | null | undefined,
): string {
  const regex = matcher?.regex ?? '';
  if (regex === '') findings.invalid(`${field}.regex`, 'is empty');
  const fault = faultOf(regex);
  if (fault !== undefined) findings.invalid(`${field}.regex`, `"${regex}" is no RE2 regex: ${fault}`);
  return regex;
}

function faultOf(regex: string): string | undefined {
  if (PLAIN.test(regex)) return undefined;
  if (known.has(regex)) return known.get(regex);
  const fault = compileFault(regex);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(regex, fault);
  return fault;
}

function compileFault(regex: string): string | undefined {
  // Loaded when a regex occurs, not before.
  const { RE2JS } = require('re2js') as typeof import('re2js');
  try {
    RE2JS.compile(regex);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
