/** How long the catalogue waits, keeps and doubts: what can be said of it in `bridge.yaml`. */
import { type Static, Type } from '@sinclair/typebox';

const closed = { additionalProperties: false } as const;

/** The part that is said once. */
export const catalogueSchema = Type.Object(
  {
    graceMs: Type.Integer({
      minimum: 0,
      maximum: 3_600_000,
      description:
        'Milliseconds between the moment a service loses its last instance and the removal of its ServiceEntry.',
      default: 20_000,
    }),
    freezeMaxMs: Type.Integer({
      minimum: 0,
      maximum: 86_400_000,
      description:
        'Milliseconds for which services that emptied in masses are kept as they were; 0 = believed at once.',
      default: 300_000,
    }),
    freezeWindowMs: Type.Integer({
      minimum: 1000,
      maximum: 3_600_000,
      description: 'Milliseconds within which services must empty to count as a mass.',
      default: 60_000,
    }),
    freezeServices: Type.Integer({
      minimum: 1,
      description: 'So many services must empty at least, to count as a mass.',
      default: 20,
    }),
    freezeShare: Type.Number({
      minimum: 0,
      maximum: 1,
      description: "More than this share of a source's services must empty, to count as a mass.",
      default: 0.5,
    }),
  },
  { ...closed, description: 'What the catalogue does when services empty.', default: {} },
);
export type CatalogueConfig = Static<typeof catalogueSchema>;

/** The part of a source. */
export const catalogueSourceSchema = Type.Object(
  {
    syncTimeoutMs: Type.Integer({
      minimum: 0,
      maximum: 3_600_000,
      description:
        'Milliseconds that the start waits for the source, before the others are served without it.',
      default: 60_000,
    }),
    required: Type.Boolean({
      description: 'true: nothing is served until this source was read, or its snapshot on disk.',
      default: false,
    }),
  },
  { ...closed, description: 'When a source is waited for.' },
);
export type CatalogueSourceConfig = Static<typeof catalogueSourceSchema>;
