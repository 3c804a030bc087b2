/** The link as a looking glass: `inmesh explain` and `inmesh doctor` run it on their own thread. */

import type { Settings } from '../../config';
import type { Inspection } from './inspection';
import { LiveInspection } from './live';
import { openSnapshot, SavedInspection } from './saved';

export {
  type InspectedCluster,
  type Inspection,
  InspectionError,
  type InspectionSource,
} from './inspection';
export { LiveInspection } from './live';
export type { Lookup } from './lookup';
export { type FoundSnapshot, openSnapshot, ownSnapshotFile } from './saved';
export type { MeshSummary } from './summary';

/**
 * By its own connection, or from a snapshot (a folder or a file).
 * @throws {InspectionError} if there is no usable snapshot, or the control plane does not answer in time
 */
export async function inspect(
  settings: Settings,
  options: { readonly snapshot?: string; readonly timeoutMs: number },
): Promise<Inspection> {
  const { snapshot, timeoutMs } = options;
  if (snapshot !== undefined)
    return new SavedInspection(openSnapshot(snapshot, settings), settings, timeoutMs);
  const live = new LiveInspection(settings, timeoutMs);
  try {
    await live.up();
  } catch (error) {
    live.close();
    throw error;
  }
  return live;
}
