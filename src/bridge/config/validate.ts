/** A value against a schema: every mistake as one sentence, every default filled in. */

import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import { nearest } from '../../config';
import { choicesOf, expected, type Schema, shown } from './describe';
import type { KeyPath, Mistake } from './problem';

const ajv = new Ajv({ allErrors: true, useDefaults: true, verbose: true, strict: false });

export type Validator = (value: unknown, path: KeyPath) => Mistake[];

/** The validator writes defaults into the value. Its mistakes have the value's path in front. */
export function validator(schema: object): Validator {
  let compiled: ValidateFunction | undefined;
  return (value, path) => {
    compiled ??= ajv.compile(closed(schema as Schema));
    if (compiled(value)) return [];
    return sentences(compiled.errors ?? [], path);
  };
}

/** An object takes the keys that its schema names, and no others. */
export function closed(schema: Schema): Schema {
  const copy: Record<string, unknown> = { ...schema };
  const all = (schemas: Readonly<Record<string, Schema>>) =>
    Object.fromEntries(Object.entries(schemas).map(([key, each]) => [key, closed(each)]));
  if (schema.properties) copy['properties'] = all(schema.properties);
  if (schema.patternProperties) copy['patternProperties'] = all(schema.patternProperties);
  if (schema.items) copy['items'] = closed(schema.items);
  if (schema.anyOf) copy['anyOf'] = schema.anyOf.map(closed);
  if (schema.properties || schema.patternProperties) copy['additionalProperties'] ??= false;
  return copy;
}

function sentences(errors: readonly ErrorObject[], path: KeyPath): Mistake[] {
  // What each branch of a choice says is replaced by one sentence about the choice.
  const choices = errors.filter(({ keyword }) => keyword === 'anyOf');
  const inBranch = (error: ErrorObject) =>
    choices.some(
      (choice) =>
        error !== choice && error.schemaPath.startsWith(`${choice.schemaPath}/`) && !isDeeper(error, choice),
    );
  const found: Mistake[] = [];
  for (const error of errors) {
    // A list of the right kind with a wrong element is that element's mistake, not the choice's.
    if (error.keyword === 'anyOf' && errors.some((other) => isDeeper(other, error))) continue;
    if (!inBranch(error)) found.push(sentence(error, path));
  }
  return found;
}

function isDeeper(error: ErrorObject, choice: ErrorObject): boolean {
  return (
    error.schemaPath.startsWith(`${choice.schemaPath}/`) &&
    error.instancePath.startsWith(`${choice.instancePath}/`)
  );
}

function sentence(error: ErrorObject, before: KeyPath): Mistake {
  const path = [...before, ...pointer(error.instancePath)];
  const key = [...path].reverse().find((part) => typeof part === 'string');
  const schema = error.parentSchema as Schema;
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(path, String(error.params['additionalProperty']), schema);
    case 'required':
      return missingKey(path, String(error.params['missingProperty']), schema);
    case 'anyOf':
    case 'enum':
    case 'const':
    case 'type':
      return { path, message: wrongValue(schema, error.data, key) };
    case 'pattern':
      return { path, message: `${shown(error.data, key)} does not have the form ${formOf(schema)}` };
    case 'minLength':
      return { path, message: 'must not be empty' };
    case 'minItems':
      return { path, message: 'must not be an empty list' };
    default:
      return { path, message: `${error.message ?? 'is wrong'}, is ${shown(error.data, key)}` };
  }
}

function unknownKey(path: KeyPath, key: string, schema: Schema): Mistake {
  const keys = Object.keys(schema.properties ?? {});
  const meant = nearest(key, keys);
  const patterns = Object.keys(schema.patternProperties ?? {});
  const advice =
    meant !== undefined
      ? `did you mean "${meant}"?`
      : keys.length > 0
        ? `there are ${keys.join(', ')}`
        : `a key here must have the form ${patterns.join(' or ')}`;
  return { path: [...path, key], message: `is no key of the configuration; ${advice}`, atKey: true };
}

function missingKey(path: KeyPath, key: string, schema: Schema): Mistake {
  const what = schema.properties?.[key]?.description;
  return { path, message: `the key "${key}" is missing${what ? `: ${what}` : ''}` };
}

function wrongValue(schema: Schema, value: unknown, key: string | number | undefined): string {
  const choices = choicesOf(schema);
  const meant = choices && typeof value === 'string' ? nearest(value, choices) : undefined;
  const advice = meant === undefined ? '' : `; did you mean ${meant}?`;
  return `must be ${expected(schema)}, not ${shown(value, key)}${advice}`;
}

function formOf({ pattern, description }: Schema): string {
  return `${pattern}${description ? ` (${description})` : ''}`;
}

/** A JSON pointer to keys and indexes. */
function pointer(text: string): KeyPath {
  return text
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
