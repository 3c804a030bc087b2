/** Words for a schema and for a value, in sentences about mistakes. */

/** The parts of JSON schema that are used. */
export interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly description?: string;
  readonly default?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of keys',
  null: 'empty',
};

/** `one of ip, hostname`, `a list of text`, `a whole number` */
export function expected(schema: Schema): string {
  if (schema.const !== undefined) return `\`${schema.const}\``;
  const choices = choicesOf(schema);
  if (choices) return choices.length === 1 ? `\`${choices[0]}\`` : `one of ${choices.join(', ')}`;
  if (schema.anyOf) return schema.anyOf.map(expected).join(' or ');
  if (schema.type === 'array' && schema.items) return `a list of ${plural(schema.items)}`;
  return TYPE_NAMES[schema.type ?? ''] ?? 'something else';
}

/** All values, when only certain ones are allowed. */
export function choicesOf({ anyOf, enum: values }: Schema): string[] | undefined {
  if (values) return values.map(String);
  if (!anyOf?.every((branch) => branch.const !== undefined)) return undefined;
  return anyOf.map((branch) => String(branch.const));
}

function plural(schema: Schema): string {
  const choices = choicesOf(schema);
  if (choices) return `any of ${choices.join(', ')}`;
  return { string: 'texts', integer: 'whole numbers', object: 'mappings' }[schema.type ?? ''] ?? 'values';
}

/** `the text "soon"`, `a list`. What a key with a secret holds is not shown. */
export function shown(value: unknown, key: string | number | undefined): string {
  if (typeof value === 'string') {
    if (isSecret(key)) return 'a text';
    return `the text ${JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)}`;
  }
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return isSecret(key) ? `a ${typeof value}` : String(value);
}

function isSecret(key: string | number | undefined): boolean {
  return typeof key === 'string' && /password|secret|token|accessKey|auth/i.test(key) && !/File$/.test(key);
}
