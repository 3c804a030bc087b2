/** The schema as an editor wants it: what has a default need not be written. */

import type { Schema } from './describe';
import { publishedSchema } from './schema';
import { closed } from './validate';

/** What `inmesh bridge --schema` prints. */
export function editorSchema(): Schema & { readonly $schema: string } {
  const schema = withoutDefaulted(closed(publishedSchema as unknown as Schema));
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...schema };
}

/** Everywhere in it. TypeBox says that a key is required unless it is optional, also where there is a default. */
function withoutDefaulted(schema: Schema): Schema {
  const copy: Record<string, unknown> = { ...schema };
  const all = (schemas: Readonly<Record<string, Schema>>) =>
    Object.fromEntries(Object.entries(schemas).map(([key, each]) => [key, withoutDefaulted(each)]));
  const { properties, patternProperties, items, anyOf, required } = schema;
  if (properties) copy['properties'] = all(properties);
  if (patternProperties) copy['patternProperties'] = all(patternProperties);
  if (items) copy['items'] = withoutDefaulted(items);
  if (anyOf) copy['anyOf'] = anyOf.map(withoutDefaulted);
  if (!required) return copy;
  const needed = required.filter((key) => properties?.[key]?.default === undefined);
  if (needed.length > 0) copy['required'] = needed;
  else delete copy['required'];
  return copy;
}
