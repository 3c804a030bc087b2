/**
 * Many patterns over one subject (the path, or one header) become a single RE2 set: one pass over the value answers
 * all of them, so fifty patterns on 8 KB stay below a millisecond.
 */

import type { RE2JS } from 're2js';
import type { StringMatcher } from './plain';
import { literalInDisguise, re2 } from './regex';

/** From so many patterns on a set is cheaper than one automaton each. */
const SET_FROM = 8;

export class RegexPool {
  private readonly subjects = new Map<string, PooledRegex[]>();

  /** A matcher of the whole value; usable at once, faster after `seal`. Throws for a pattern that RE2 refuses. */
  matcher(subject: string, pattern: string): StringMatcher {
    const plain = literalInDisguise(pattern);
    if (plain !== undefined) return plain;
    const regex = new PooledRegex(pattern, re2().RE2JS.compile(pattern));
    const members = this.subjects.get(subject);
    if (members === undefined) this.subjects.set(subject, [regex]);
    else members.push(regex);
    return regex;
  }

  /** To be called once all patterns are in. */
  seal(): void {
    for (const members of this.subjects.values()) {
      if (members.length < SET_FROM) continue;
      const patterns = members.map((member) => member.pattern);
      const set = new RegexSet(patterns);
      members.forEach((member, index) => {
        member.join(set, index);
      });
    }
  }
}

class PooledRegex implements StringMatcher {
  private set: RegexSet | undefined;
  private index = -1;

  constructor(
    readonly pattern: string,
    private readonly regex: RE2JS,
  ) {}

  join(set: RegexSet, index: number): void {
    this.set = set;
    this.index = index;
  }

  matches(value: string): boolean {
    return this.set === undefined ? this.regex.matches(value) : this.set.matches(this.index, value);
  }
}

/** Remembers its last answer: the routes of a virtual host ask it one after the other about the same value. */
class RegexSet {
  private readonly set;
  private readonly found: Uint8Array;
  private value: string | undefined;

  constructor(patterns: readonly string[]) {
    const { RE2Set } = re2();
    this.set = new RE2Set(RE2Set.ANCHOR_BOTH);
    for (const pattern of patterns) this.set.add(pattern);
    this.set.compile();
    this.found = new Uint8Array(patterns.length);
  }

  matches(index: number, value: string): boolean {
    if (value !== this.value) {
      this.found.fill(0);
      for (const hit of this.set.match(value)) this.found[hit] = 1;
      this.value = value;
    }
    return this.found[index] === 1;
  }
}
