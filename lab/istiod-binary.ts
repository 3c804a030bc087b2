import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, recipeKey } from './cache';
import type { Installed } from './installed';
import { answers, cleanEnvironment, run } from './run';

const SOURCE = join(__dirname, 'istiod');

/** Builds istiod from the Go module proxy: about 5 minutes on two cores when Go's caches are cold, seconds when warm. */
export async function istiodBinary(): Promise<Installed> {
  if (!(await answers('go', ['version']))) {
    return { skipped: 'istiod is built with Go, and no go command was found' };
  }
  try {
    const files = (await readdir(SOURCE)).sort();
    const contents = await Promise.all(files.map((file) => readFile(join(SOURCE, file))));
    const folder = await cached(`istiod-${recipeKey(...files, ...contents)}`, async (unfinished) => {
      const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', join(unfinished, 'istiod'), '.'];
      await run('go', args, {
        cwd: SOURCE,
        env: cleanEnvironment({ GOFLAGS: '-mod=readonly' }),
        timeoutMs: 25 * 60_000,
      });
    });
    return join(folder, 'istiod');
  } catch (error) {
    return { skipped: `istiod could not be built: ${(error as Error).message}` };
  }
}
