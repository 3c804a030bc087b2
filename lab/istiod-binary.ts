import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, recipeKey } from './cache';
import type { Installed } from './installed';
import { answers, run } from './run';

const SOURCE = join(__dirname, 'istiod');

/** Builds istiod from the Go module proxy: about 5 minutes on two cores when Go's caches are cold, seconds when warm. */
export async function istiodBinary(): Promise<Installed> {
  try {
    const files = (await readdir(SOURCE)).sort();
    const contents = await Promise.all(files.map((file) => readFile(join(SOURCE, file))));
    const folder = await cached(`istiod-${recipeKey(...files, ...contents)}`, async (unfinished) => {
      if (!(await answers('go', ['version']))) throw new Error('it needs Go, and no go command was found');
      const args = [
        'build',
        '-mod=readonly',
        '-buildvcs=false',
        '-trimpath',
        '-ldflags',
        '-s -w',
        '-o',
        join(unfinished, 'istiod'),
        '.',
      ];
      await run('go', args, {
        cwd: SOURCE,
        timeoutMs: 25 * 60_000,
      });
    });
    return join(folder, 'istiod');
  } catch (error) {
    return { skipped: `istiod could not be built: ${(error as Error).message}` };
  }
}
