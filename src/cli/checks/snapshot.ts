import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { openSnapshot, ownSnapshotFile } from '../../link/inspect';
import { duration } from '../text';
import { type CheckContext, type Finding, findingsOf, whyUnreadable } from './finding';

const { ok, warning, error } = findingsOf('snapshot');

/** The folder of snapshots can be used, and what it holds of this process can be read. */
export function checkSnapshot({ settings, now }: CheckContext): Finding[] {
  const { snapshotDir, snapshotMaxAgeMs } = settings;
  if (snapshotDir === '') {
    return [
      ok('off: without INMESH_SNAPSHOT_DIR a process that starts while istiod is away is not in the mesh'),
    ];
  }
  const unusable = whyUnusable(snapshotDir);
  if (unusable !== undefined) {
    return [
      error(
        `INMESH_SNAPSHOT_DIR ${snapshotDir} ${unusable}`,
        'let it name a folder that this user may write',
      ),
    ];
  }
  const file = ownSnapshotFile(snapshotDir, settings);
  if (!existsSync(file)) {
    return [ok(`${snapshotDir} can be written; it holds nothing of this process yet`)];
  }
  try {
    const { snapshot } = openSnapshot(file, settings);
    const age = now - snapshot.savedAt;
    const counts = `${snapshot.clusters.length} clusters, written ${duration(Math.max(0, Math.round(age / 1000)) * 1000)} ago`;
    if (age <= snapshotMaxAgeMs) return [ok(`${file}: ${counts}`)];
    return [
      warning(
        `${file}: ${counts}, older than ${duration(snapshotMaxAgeMs)}: it is ignored`,
        'it is written anew when the process reaches the control plane; INMESH_SNAPSHOT_MAX_AGE sets the age',
      ),
    ];
  } catch (failed) {
    return [warning((failed as Error).message, 'it is ignored and written anew; remove it')];
  }
}

/** The folder is made when it is first written: then what counts is the nearest one that is there. */
function whyUnusable(folder: string): string | undefined {
  let nearest = folder;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  try {
    if (!statSync(nearest).isDirectory())
      return nearest === folder ? 'is no folder' : `lies below ${nearest}, a file`;
    accessSync(nearest, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (failed) {
    return (failed as NodeJS.ErrnoException).code === 'EACCES'
      ? 'may not be written by this user'
      : whyUnreadable(failed);
  }
}
