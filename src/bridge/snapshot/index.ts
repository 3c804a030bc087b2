/** The last known state of the registries, on disk. */

export { type SnapshotConfig, snapshotSchema } from './config';
export { type ReadSnapshot, readSnapshot, writeSnapshot } from './file';
export { type SnapshotEvents, SnapshotKeeper } from './keeper';
