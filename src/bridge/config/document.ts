/** A YAML (or JSON) file to a plain value that knows where each part of it stands. */

import {
  type Document,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parse,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml';
import type { ConfigProblem, KeyPath, Mistake } from './problem';
import { pathText } from './problem';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigDocument {
  /** Plain, with variables replaced. */
  readonly value: unknown;
  locate(mistake: Mistake): ConfigProblem;
}

export interface ReadDocument {
  /** Absent when the syntax is wrong. */
  readonly document?: ConfigDocument;
  readonly problems: readonly ConfigProblem[];
}

export function readDocument(file: string, text: string, env: Environment): ReadDocument {
  const lines = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true });
  const at = (offset: number, path: KeyPath, message: string): ConfigProblem => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, path: pathText(path), message };
  };
  if (yaml.errors.length > 0) {
    // What follows a first error is mostly its consequence.
    const { pos, message } = yaml.errors[0]!;
    const line = text.split('\n')[lines.linePos(pos[0]).line - 1] ?? '';
    const advice = /[{[].*\$\{/.test(line) ? '; within { } and [ ] a variable is written in quotes' : '';
    return { problems: [at(pos[0], [], `not valid YAML: ${message}${advice}`)] };
  }
  const locate = (mistake: Mistake) =>
    at(offsetOf(yaml, mistake.path, mistake.atKey === true), mistake.path, mistake.message);
  const problems: ConfigProblem[] = [];
  visit(yaml, {
    Scalar(key, node, ancestors) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('$')) return;
      const message = replaceVariables(node, env);
      if (message) problems.push(at(node.range?.[0] ?? 0, pathOf([...ancestors, node]), message));
    },
  });
  // A mapping of nothing at all is a file of comments.
  return { document: { value: yaml.toJS() ?? {}, locate }, problems };
}

/** `${NAME}`, `${NAME:-otherwise}`; `$${` is a plain `${`. */
const VARIABLE = /\$(\$\{)|\$\{([^}]*)\}/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Puts the environment's values in. Gives what is wrong, if anything is. */
function replaceVariables(node: Scalar, env: Environment): string | undefined {
  let problem: string | undefined;
  const before = node.value as string;
  const after = before.replace(VARIABLE, (all: string, escaped?: string, inner = '') => {
    if (escaped !== undefined) return escaped;
    const split = inner.indexOf(':-');
    const name = split < 0 ? inner : inner.slice(0, split);
    if (!NAME.test(name)) {
      problem = `"${all}" names no environment variable; a plain \${ is written as $\${`;
      return all;
    }
    const value = env[name];
    if (value !== undefined && value !== '') return value;
    if (split >= 0) return inner.slice(split + 2);
    problem = `the environment variable ${name} is not set; set it, or give a default as \${${name}:-default}`;
    return all;
  });
  // A bare ${PORT} is the number that it stands for; in quotes it stays text.
  const bare = node.type === 'PLAIN' && /^\$\{[^}]*\}$/.test(before);
  node.value = bare && problem === undefined ? scalarOf(after) : after;
  return problem;
}

function scalarOf(text: string): unknown {
  const looksLike = /^(true|false|-?\d+(\.\d+)?)$/.test(text);
  return looksLike ? parse(text) : text;
}

/** Where the value (or the key) of a path begins; of its parent, when there is no such thing. */
function offsetOf(yaml: Document, path: KeyPath, atKey: boolean): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? yaml.contents : yaml.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(last));
      const node = atKey && length === path.length ? pair?.key : (pair?.value ?? pair?.key);
      if (isNode(node) && node.range) return node.range[0];
    } else if (isCollection(parent)) {
      const node = parent.get(last, true);
      if (isNode(node) && node.range) return node.range[0];
    }
  }
  return yaml.contents?.range?.[0] ?? 0;
}

function pathOf(chain: readonly unknown[]): KeyPath {
  const path: (string | number)[] = [];
  chain.forEach((each, i) => {
    const next = chain[i + 1];
    if (isPair(each)) path.push(String(isScalar(each.key) ? each.key.value : each.key));
    else if (isCollection(each) && !isMap(each)) path.push(each.items.indexOf(next as never));
  });
  return path;
}
