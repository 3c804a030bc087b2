/** The table of all keys, for docs/bridge.md: written from the schema, so that it cannot lag behind. */

import { expected, type Schema } from './describe';
import { publishedSchema } from './schema';

/** Markdown: one table per part. */
export function configReference(): string {
  const { sources, ...parts } = publishedSchema.properties as unknown as Readonly<Record<string, Schema>>;
  const tables = Object.entries(parts).map(([key, schema]) => table(`\`${key}\``, schema));
  const items = sources?.items?.anyOf ?? (sources?.items ? [sources.items] : []);
  const convert = items[0]?.properties?.['convert'];
  for (const item of items) {
    const type = item.properties?.['type']?.const;
    tables.push(table(`\`sources[]\` of type \`${type}\``, item, new Set(['type', 'convert'])));
  }
  if (convert) tables.push(table('`sources[].convert`, of every type', convert));
  return tables.join('\n\n');
}

function table(title: string, schema: Schema, without: ReadonlySet<string> = new Set()): string {
  const rows = rowsOf('', schema, without);
  const lines = rows.map(
    ([key, value, fallback, text]) => `| \`${key}\` | ${value} | ${fallback} | ${text} |`,
  );
  const head = ['| Key | Value | Default | What it does |', '| --- | --- | --- | --- |'];
  return [`### ${title}`, '', schema.description ?? '', '', ...head, ...lines].join('\n');
}

type Row = readonly [key: string, value: string, fallback: string, description: string];

function rowsOf(prefix: string, schema: Schema, without: ReadonlySet<string> = new Set()): Row[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {})
    .filter(([key]) => !without.has(key))
    .flatMap(([key, each]) => {
      const name = `${prefix}${key}`;
      const fallback = required.has(key) && each.default === undefined ? '**required**' : defaultOf(each);
      const row: Row = [name, cell(expected(each)), fallback, cell(each.description ?? '')];
      if (each.properties) return [row, ...rowsOf(`${name}.`, each)];
      if (each.items?.properties) return [row, ...rowsOf(`${name}[].`, each.items)];
      return [row];
    });
}

function defaultOf({ default: value }: Schema): string {
  if (value === undefined || value === '') return '';
  const text = JSON.stringify(value);
  return text === '{}' || text === '[]' ? '' : `\`${typeof value === 'string' ? value : text}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
