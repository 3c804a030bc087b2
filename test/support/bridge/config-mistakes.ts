/** Every mistake that the schema of `bridge.yaml` knows, each in a file that is right otherwise. */

import { stringify } from 'yaml';
import type { Schema } from '../../../src/bridge/config/describe';

export type Path = readonly (string | number)[];

export interface MistakenFile {
  /** For the test's name: `sources[0].convert.ports.http (nacos): out of range`. */
  readonly title: string;
  readonly text: string;
  /** What the sentence must name. */
  readonly path: Path;
  /** What the sentence must say. */
  readonly says: RegExp;
  /** Text of the line that it must point to. */
  readonly at: RegExp;
}

/** A value in the file. */
interface Place {
  readonly path: Path;
  /** Of each value on the way, the place's own last. */
  readonly schemas: readonly Schema[];
  readonly isRequired: boolean;
  /** A key that the operator chooses, such as a label's, cannot be mistyped. */
  readonly isFree: boolean;
}

/** What a source of each type cannot do without. */
const NEEDED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  nacos: { servers: ['127.0.0.1:8848'] },
  zookeeper: { servers: ['127.0.0.1:2181'] },
  eureka: { servers: ['http://127.0.0.1:8761/eureka'] },
  consul: { servers: ['http://127.0.0.1:8500'] },
};
/** One of them has the form of each pattern. */
const EXAMPLES = ['10.0.0.0/8', '127.0.0.1:1', 'x', 'http://x:1', 'grpc://x:1', '/x', '*'];

export function* mistakenFiles(schema: Schema): Generator<MistakenFile> {
  const { sources, ...parts } = schema.properties!;
  for (const place of within(
    { path: [], schemas: [], isRequired: false, isFree: false },
    { properties: parts },
  ))
    yield* mistakesAt(place, 'nacos', '');
  for (const each of sources!.items!.anyOf!) {
    const { type, ...properties } = each.properties!;
    const name = String(type!.const);
    const own = { ...each, properties };
    const place = { path: ['sources', 0], schemas: [sources!, own], isRequired: false, isFree: false };
    // Conversion is the same for every type, so its values are looked at once; where its keys are, each time.
    for (const inner of within(place, own))
      for (const file of mistakesAt(inner, name, ` (${name})`))
        if (inner.path[2] !== 'convert' || name === 'nacos' || file.title.endsWith('mistyped')) yield file;
  }
}

/** All that is in a value: keys of mappings, elements of lists, values of free keys. */
function* within({ path, schemas }: Place, schema: Schema): Generator<Place> {
  const inner = (key: string | number, each: Schema, more: Partial<Place> = {}): Place => ({
    ...{ path: [...path, key], schemas: [...schemas, each], isRequired: false, isFree: false },
    ...more,
  });
  const places: Place[] = [];
  for (const [key, each] of Object.entries(schema.properties ?? {})) {
    const isRequired = schema.required?.includes(key) === true && each.default === undefined;
    places.push(inner(key, each, { isRequired }));
  }
  for (const [pattern, each] of Object.entries(schema.patternProperties ?? {}))
    places.push(inner(exampleOf(pattern), each, { isFree: true }));
  const list = schema.items ? schema : schema.anyOf?.find(({ items }) => items);
  if (list?.items) places.push(inner(0, list.items));
  for (const place of places) {
    yield place;
    yield* within(place, place.schemas.at(-1)!);
  }
}

function* mistakesAt(place: Place, type: string, more: string): Generator<MistakenFile> {
  const { path, isRequired, isFree } = place;
  const schema = place.schemas.at(-1)!;
  const key = path.at(-1)!;
  const title = (what: string) => `${textOf(path)}${more}: ${what}`;
  const file = (value: unknown, wrongKey?: string) => fileWith(place, type, value, wrongKey);
  if (typeof key === 'string' && !isFree) {
    const wrong = mistyped(key);
    yield {
      title: title('mistyped'),
      text: file(valid(schema), wrong),
      path: [...path.slice(0, -1), wrong],
      says: new RegExp(`is no key of the configuration; did you mean "${escaped(key)}"\\?$`),
      at: new RegExp(`\\b${escaped(wrong)}:`),
    };
    if (isRequired)
      yield {
        title: title('missing'),
        text: file(undefined),
        path: path.slice(0, -1),
        says: new RegExp(`the key "${escaped(key)}" is missing(: \\S.*)?$`),
        at: /./,
      };
  }
  const here = typeof key === 'number' ? /^\s*-/ : new RegExp(escaped(key));
  const wrong = (what: string, value: unknown, says: RegExp): MistakenFile => ({
    title: title(what),
    text: file(value),
    path,
    says,
    at: here,
  });
  const kind = wrongKind(schema);
  yield wrong('of the wrong kind', kind, /^must be .+, not .+$/);
  yield wrong('empty', null, /^must be .+, not empty$/);
  if (schema.minimum !== undefined)
    yield wrong('too small', schema.minimum - 1, /^must be >= -?[\d.]+, is -?[\d.]+$/);
  if (schema.maximum !== undefined)
    yield wrong('too large', schema.maximum + 1, /^must be <= [\d.]+, is [\d.]+$/);
  if (schema.pattern !== undefined)
    yield wrong(
      'of the wrong form',
      wrongForm(schema.pattern),
      /^(the|a) text .*does not have the form \S+( \(.+\))?$/,
    );
  if (schema.minLength !== undefined) yield wrong('an empty text', '', /^must not be empty$/);
  if (schema.minItems !== undefined) yield wrong('an empty list', [], /^must not be an empty list$/);
  const [pattern] = Object.keys(schema.patternProperties ?? {});
  if (pattern !== undefined && !new RegExp(pattern).test(' ?! '))
    yield {
      title: title('a free key of the wrong form'),
      text: file({ ' ?! ': 'x' }),
      path: [...path, ' ?! '],
      says: /is no key of the configuration; a key here must have the form \S+$/,
      at: /\?!/,
    };
}

/** A file with this value (undefined: without); every mapping on the way has what it needs. */
function fileWith({ path, schemas }: Place, type: string, value: unknown, wrongKey?: string): string {
  const root: Record<string | number, unknown> = {
    sources: [{ type, name: 'a', ...structuredClone(NEEDED[type]) }],
  };
  let at = root;
  path.slice(0, -1).forEach((key, i) => {
    at[key] ??= typeof path[i + 1] === 'number' ? [] : structuredClone(valid(schemas[i]!));
    at = at[key] as Record<string | number, unknown>;
  });
  const key = path.at(-1)!;
  if (wrongKey !== undefined || value === undefined) delete at[key];
  if (value !== undefined) at[wrongKey ?? key] = value;
  return stringify(root);
}

/** A value that the schema takes, with no more in it than it needs. */
function valid(schema: Schema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.default !== undefined && schema.default !== '') return schema.default;
  if (schema.anyOf) return valid(schema.anyOf[0]!);
  if (schema.type === 'array') return schema.minItems ? [valid(schema.items!)] : [];
  if (schema.type === 'boolean') return true;
  if (schema.type === 'object') {
    const needed = (schema.required ?? []).map((key) => [key, valid(schema.properties![key]!)]);
    return Object.fromEntries(needed);
  }
  if (schema.type === 'string') return exampleOf(schema.pattern ?? '.');
  return schema.minimum ?? 1;
}

function wrongKind(schema: Schema): unknown {
  const kinds = new Set([schema, ...(schema.anyOf ?? [])].map(({ type }) => type));
  if (kinds.has('object')) return 5;
  if (kinds.has('array')) return kinds.has('string') ? 5 : 'nonsense';
  return kinds.has('string') ? (schema.anyOf ? 'nonsense' : 7_654_321) : 'nonsense';
}

function wrongForm(pattern: string): string {
  return [' ?! ', '//'].find((text) => !new RegExp(pattern).test(text))!;
}

function exampleOf(pattern: string): string {
  const found = EXAMPLES.find((example) => new RegExp(pattern).test(example));
  if (found === undefined) throw new Error(`no example has the form ${pattern}`);
  return found;
}

/** The first two letters change places; a key that looks the same then loses its first letter. */
function mistyped(key: string): string {
  const swapped = key[1]! + key[0] + key.slice(2);
  return swapped === key ? key.slice(1) : swapped;
}

export function textOf(path: Path): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
