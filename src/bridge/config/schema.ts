/** The whole of `bridge.yaml`, put together from what each room says of its part. */

import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { adminSchema } from '../admin/config';
import { catalogueSchema, catalogueSourceSchema } from '../catalogue/config';
import { type ConvertSourceConfig, convertSchema, convertSourceSchema } from '../convert/config';
import { exportSchema } from '../export/config';
import { mcpSchema } from '../mcp/config';
import { sidecarsSchema } from '../sidecars/config';
import { snapshotSchema } from '../snapshot/config';
import { SOURCE_TYPES, type SourceType } from '../source';

const closed = { additionalProperties: false } as const;

const logSchema = Type.Object(
  {
    level: Type.Union(
      ['debug', 'info', 'warn', 'error', 'off'].map((level) => Type.Literal(level as LogLevelName)),
      { description: 'Least severe lines that are written to standard error.', default: 'info' },
    ),
    format: Type.Union(
      ['auto', 'json', 'pretty'].map((format) => Type.Literal(format as LogFormatName)),
      { description: '`auto` is pretty on a terminal and JSON elsewhere.', default: 'auto' },
    ),
  },
  { ...closed, description: 'The log: one line for each change, none for a poll.', default: {} },
);
type LogLevelName = 'debug' | 'info' | 'warn' | 'error' | 'off';
type LogFormatName = 'auto' | 'json' | 'pretty';

/** A source of one type, with what every source has: when to wait for it and how its services are converted. */
export function sourceSchema(type: SourceType) {
  return Type.Object(
    {
      ...type.schema.properties,
      ...catalogueSourceSchema.properties,
      convert: Type.Object(convertSourceSchema.properties, {
        ...closed,
        description: "How the source's services become mesh services.",
        default: {},
      }),
    },
    { ...closed, description: type.schema.description ?? type.type },
  );
}

function rootSchema<T extends TSchema>(source: T) {
  return Type.Object(
    {
      mcp: mcpSchema,
      admin: adminSchema,
      log: logSchema,
      snapshot: snapshotSchema,
      catalogue: catalogueSchema,
      convert: convertSchema,
      sidecars: sidecarsSchema,
      export: Type.Object(exportSchema.properties, {
        ...closed,
        description: exportSchema.description ?? '',
        default: {},
      }),
      sources: Type.Array(source, { minItems: 1, description: 'The registries.' }),
    },
    { ...closed, $id: 'inmesh-bridge', title: 'Configuration of inmesh bridge' },
  );
}

/** For the first look at a file: sources are checked one by one, by the schema of their type. */
export const looseSchema = rootSchema(Type.Any());

/** As published: `inmesh bridge --schema`. */
export const publishedSchema = rootSchema(Type.Union(SOURCE_TYPES.map(sourceSchema)));

/** What each source has, whatever its type. `own` is for the source alone. */
export interface SourceConfig extends Static<typeof catalogueSourceSchema> {
  readonly type: string;
  readonly name: string;
  readonly convert: ConvertSourceConfig;
  /** As its type's schema has it. */
  readonly own: Readonly<Record<string, unknown>>;
}

type Root = Static<typeof looseSchema>;
export interface BridgeConfig extends Omit<Root, 'sources'> {
  readonly sources: readonly SourceConfig[];
}
