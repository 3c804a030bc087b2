import type { RegexRewrite } from '../../model';
import type { PathMatcher } from '../match/path';
import { re2 } from '../match/regex';

/** Makes a new path with query out of one; `path` is its part without query. */
export interface PathRewrite {
  rewrite(target: string, path: string): string;
}

/** The rewrite of a rule, or undefined when it has none. Throws for a regex that RE2 refuses. */
export function compilePathRewrite(
  rule: { readonly prefixRewrite?: string; readonly regexRewrite?: RegexRewrite },
  match: PathMatcher,
): PathRewrite | undefined {
  if (rule.regexRewrite !== undefined) return new RegexPathRewrite(rule.regexRewrite);
  if (rule.prefixRewrite === undefined || rule.prefixRewrite === '') return undefined;
  return new PrefixPathRewrite(rule.prefixRewrite, match.prefixLength);
}

/** On a prefix match only the prefix is replaced, otherwise the whole path; the query stays. */
class PrefixPathRewrite implements PathRewrite {
  constructor(
    private readonly replacement: string,
    private readonly prefixLength: number,
  ) {}
  rewrite(target: string, path: string): string {
    return this.replacement + target.slice(this.prefixLength < 0 ? path.length : this.prefixLength);
  }
}

/** All occurrences in the path; `\1` is the first group; the query is not touched. */
class RegexPathRewrite implements PathRewrite {
  private readonly regex;
  private readonly substitution: readonly (string | number)[];

  constructor(rule: RegexRewrite) {
    this.regex = re2().RE2JS.compile(rule.regex);
    this.substitution = parseSubstitution(rule.substitution);
    for (const part of this.substitution) {
      if (typeof part === 'number' && part > this.regex.groupCount()) {
        throw new RangeError(
          `the substitution names group ${part}, the regex has ${this.regex.groupCount()}`,
        );
      }
    }
  }

  rewrite(target: string, path: string): string {
    const matcher = this.regex.matcher(path);
    let result = '';
    let end = 0;
    let matched = false;
    while (matcher.find()) {
      // RE2 takes no empty match right behind another match.
      if (matched && matcher.end() === end) continue;
      matched = true;
      result += path.slice(end, matcher.start());
      for (const part of this.substitution) {
        result += typeof part === 'string' ? part : (matcher.group(part) ?? '');
      }
      end = matcher.end();
    }
    return result + path.slice(end) + target.slice(path.length);
  }
}

/** RE2 substitution: texts and group numbers. Throws for a backslash that is followed by neither. */
export function parseSubstitution(substitution: string): readonly (string | number)[] {
  const parts: (string | number)[] = [];
  let text = '';
  for (let i = 0; i < substitution.length; i++) {
    const char = substitution[i] as string;
    if (char !== '\\') {
      text += char;
      continue;
    }
    const next = substitution[++i];
    if (next === '\\') text += '\\';
    else if (next !== undefined && next >= '0' && next <= '9') {
      if (text !== '') parts.push(text);
      text = '';
      parts.push(Number(next));
    } else
      throw new SyntaxError(`bad substitution "${substitution}": a backslash needs a digit or a backslash`);
  }
  if (text !== '') parts.push(text);
  return parts;
}
