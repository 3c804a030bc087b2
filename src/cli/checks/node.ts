import { type Finding, findingsOf } from './finding';

const OLDEST = 18;
const NEWEST_TESTED = 26;

/** The Node.js that runs this command: the application's, when it is run in its container. */
export function checkNode(version: string): Finding[] {
  const { ok, warning, error } = findingsOf('node');
  const major = Number(/^v?(\d+)/.exec(version)?.[1] ?? 0);
  if (major < OLDEST) {
    return [
      error(
        `Node.js ${version} is too old`,
        `use Node.js ${OLDEST} or newer; below, the preload does nothing`,
      ),
    ];
  }
  if (major > NEWEST_TESTED) {
    return [
      warning(
        `Node.js ${version} is newer than what inmesh was tested with (${NEWEST_TESTED})`,
        'look for lines "hook is off" of the application, and for a newer inmesh',
      ),
    ];
  }
  return [ok(`Node.js ${version} is supported`)];
}
