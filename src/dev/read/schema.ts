/**
 * Schemas of Istio's API as values, from which the TypeScript types follow. Reading a YAML node by a schema gives
 * the value or says, at the node, what is wrong. Objects that were read remember their nodes, so that later
 * checks can point at a field.
 */

import { isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';
import { nearest } from '../../config';
import type { Position, Problem } from '../problem';
import type { SourceDocument } from './source';

export interface Schema<T> {
  /** For messages: "a string", "a list of HTTPRoute". */
  readonly expected: string;
  /** undefined = a problem was reported. */
  read(node: Node, reader: Reader): T | undefined;
}

export type Infer<S> = S extends Schema<infer T> ? T : never;

interface Required<T> {
  readonly required: true;
  readonly schema: Schema<T>;
}

type Field = Schema<unknown> | Required<unknown>;
type FieldType<F> = F extends Required<infer T> ? T : F extends Schema<infer T> ? T : never;
type RequiredKeys<F> = { [K in keyof F]: F[K] extends Required<unknown> ? K : never }[keyof F];
export type Message<F> = { readonly [K in Exclude<keyof F, RequiredKeys<F>>]?: FieldType<F[K]> } & {
  readonly [K in RequiredKeys<F>]: FieldType<F[K]>;
};

/** Reads one document and collects what is wrong with it. */
export class Reader {
  readonly problems: Problem[] = [];
  object: string | undefined;
  private readonly nodes = new WeakMap<object, Node>();

  constructor(readonly document: SourceDocument) {}

  fail(
    node: Node | undefined,
    message: string,
    advice: string,
    severity: Problem['severity'] = 'error',
  ): undefined {
    const position = this.document.position(node ?? this.document.root);
    this.problems.push({ ...position, severity, object: this.object, message, advice });
    return undefined;
  }

  remember(value: object, node: Node): void {
    this.nodes.set(value, node);
  }

  /** The node of a value that was read, or of one of its fields. */
  nodeOf(value: object, field?: string | number): Node | undefined {
    const node = this.nodes.get(value);
    if (field === undefined || !node) return node;
    if (isSeq(node)) return this.document.resolve(node.items[field as number]) ?? node;
    if (!isMap(node)) return node;
    const pair = pairOf(node, String(field));
    return this.document.resolve(pair?.value) ?? this.document.resolve(pair?.key) ?? node;
  }

  position(value: object, field?: string | number): Position {
    return this.document.position(this.nodeOf(value, field));
  }
}

/** A field that must be there. */
export function required<T>(schema: Schema<T>): Required<T> {
  return { required: true, schema };
}

export interface MessageOptions {
  /** Groups of fields of which at most one may be given. */
  readonly oneOf?: readonly (readonly string[])[];
  /** Fields of Istio that are read over, with what that means. */
  readonly ignored?: Readonly<Record<string, string>>;
}

/** A protobuf message with these fields, in YAML a map. */
export function message<F extends Record<string, Field>>(
  name: string,
  fields: F,
  options: MessageOptions = {},
): Schema<Message<F>> {
  const names = Object.keys(fields);
  return {
    expected: `a ${name} (a map)`,
    read(node, reader) {
      if (!isMap(node)) return wrongType(node, reader, `a ${name}, which is a map of fields`);
      const value: Record<string, unknown> = {};
      reader.remember(value, node);
      const before = reader.problems.length;
      for (const pair of node.items) readField(pair, name, fields, names, options, value, reader);
      for (const key of names) {
        const field = fields[key]!;
        if ('required' in field && value[key] === undefined && !hasKey(node, key)) {
          reader.fail(node, `${name} has no \`${key}\``, `add \`${key}\`, ${field.schema.expected}`);
        }
      }
      for (const group of options.oneOf ?? []) {
        const given = group.filter((key) => value[key] !== undefined);
        if (given.length > 1) {
          const node = reader.nodeOf(value, given[1]);
          const both = given.map((key) => `\`${key}\``).join(' and ');
          reader.fail(node, `${name} has ${both}, which exclude each other`, 'keep one of them');
        }
      }
      const failed = reader.problems.slice(before).some((problem) => problem.severity === 'error');
      return failed ? undefined : (value as Message<F>);
    },
  };
}

function readField(
  pair: Pair,
  name: string,
  fields: Record<string, Field>,
  names: readonly string[],
  options: MessageOptions,
  value: Record<string, unknown>,
  reader: Reader,
): void {
  const keyNode = reader.document.resolve(pair.key);
  const key = isScalar(keyNode) ? String(keyNode.value) : '';
  if (options.ignored && Object.hasOwn(options.ignored, key)) {
    const effect = options.ignored[key]!;
    reader.fail(keyNode, `\`${key}\` of ${name} is not done here`, effect, 'warning');
    return;
  }
  if (!Object.hasOwn(fields, key)) {
    const near = nearest(key, names);
    const advice = near ? `did you mean \`${near}\`?` : `use one of: ${names.join(', ')}`;
    reader.fail(keyNode, `${name} has no field \`${key}\``, advice);
    return;
  }
  const field = fields[key]!;
  const schema = 'required' in field ? field.schema : field;
  const child = reader.document.resolve(pair.value);
  // `field:` with nothing behind it, or null, means not given, as in protobuf's JSON.
  if (!child || (isScalar(child) && child.value === null)) {
    if ('required' in field)
      reader.fail(keyNode, `\`${key}\` of ${name} is empty`, `give it ${schema.expected}`);
    return;
  }
  value[key] = schema.read(child, reader);
}

export function list<T>(item: Schema<T>): Schema<readonly T[]> {
  return {
    expected: `a list, each item ${item.expected}`,
    read(node, reader) {
      if (!isSeq(node))
        return wrongType(node, reader, `a list (lines that begin with \`-\`), each ${item.expected}`);
      const values: T[] = [];
      reader.remember(values, node);
      for (const each of node.items) {
        const child = reader.document.resolve(each);
        const value = child ? item.read(child, reader) : wrongType(node, reader, item.expected);
        if (value !== undefined) values.push(value as T);
      }
      return values;
    },
  };
}

/** A map with free keys. */
export function map<T>(item: Schema<T>): Schema<Readonly<Record<string, T>>> {
  return {
    expected: `a map of names to ${item.expected}`,
    read(node, reader) {
      if (!isMap(node)) return wrongType(node, reader, `a map of names to ${item.expected}`);
      const values: Record<string, T> = Object.create(null) as Record<string, T>;
      reader.remember(values, node);
      for (const pair of node.items) {
        const keyNode = reader.document.resolve(pair.key);
        const child = reader.document.resolve(pair.value);
        if (!isScalar(keyNode) || !child) {
          reader.fail(keyNode ?? node, 'a name without a value', `write \`name: …\` with ${item.expected}`);
          continue;
        }
        const value = item.read(child, reader);
        if (value !== undefined) values[String(keyNode.value)] = value;
      }
      return values;
    },
  };
}

export function wrongType(node: Node, reader: Reader, expected: string): undefined {
  return reader.fail(node, `${describe(node)} where ${expected} is expected`, `write ${expected}`);
}

export function describe(node: Node): string {
  if (isMap(node)) return 'a map';
  if (isSeq(node)) return 'a list';
  if (!isScalar(node)) return 'nothing';
  const { value } = node;
  if (value === null) return 'nothing';
  const text = node.source ?? String(value);
  return `the ${typeof value} \`${text}\``;
}

function hasKey(map: YAMLMap, key: string): boolean {
  return pairOf(map, key) !== undefined;
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => (isScalar(pair.key) ? pair.key.value : pair.key) === key);
}
