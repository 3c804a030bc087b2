/** `npm run demo:bridge` as a program. */

import { LabProcess } from '../../../lab';
import { ROOT } from '../app';

export interface DemoRun {
  readonly code: number | string;
  readonly output: string;
}

/** Runs it to its end. It ends by itself, whatever happens. */
export async function runDemo(args: readonly string[]): Promise<DemoRun> {
  const demo = new LabProcess('demo:bridge', process.execPath, ['scripts/demo-bridge.js', ...args], {
    cwd: ROOT,
  });
  try {
    return { code: await demo.exit(), output: demo.log };
  } finally {
    // Only if the test was given up.
    if (demo.isRunning) await demo.stop();
  }
}
