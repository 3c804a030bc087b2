/** Patterns in which `*` stands for any characters. */
export type Glob = (text: string) => boolean;

export function glob(pattern: string): Glob {
  if (!pattern.includes('*')) return (text) => text === pattern;
  if (pattern === '*') return () => true;
  const escaped = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  const expression = new RegExp(`^${escaped.join('.*')}$`, 's');
  return (text) => expression.test(text);
}

/** Does one of them match? */
export function anyGlob(patterns: readonly string[]): Glob {
  if (patterns.length === 0) return () => false;
  if (patterns.includes('*')) return () => true;
  const globs = patterns.map(glob);
  return (text) => globs.some((each) => each(text));
}
