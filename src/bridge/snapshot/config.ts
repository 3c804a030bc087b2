/** What can be said of the snapshot on disk in `bridge.yaml`. */

import { type Static, Type } from '@sinclair/typebox';

export const snapshotSchema = Type.Object(
  {
    file: Type.String({
      description:
        'File for the last known state of the registries, so that a start while they are away serves it. Empty: none is kept.',
      default: '',
    }),
    debounceMs: Type.Integer({
      minimum: 0,
      maximum: 3_600_000,
      description:
        'Milliseconds after a change until it is written; changes in between are written together.',
      default: 2_000,
    }),
    maxBytes: Type.Integer({
      minimum: 1_024,
      description: 'A state larger than this is not written, and a larger file not read.',
      default: 1_073_741_824,
    }),
  },
  { additionalProperties: false, description: 'The last known state, on disk.', default: {} },
);
export type SnapshotConfig = Static<typeof snapshotSchema>;
