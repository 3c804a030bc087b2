import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, recipeKey } from './cache';
import type { Installed } from './installed';
import { answers, run } from './run';

/** Builds `lab/<name>`, a Go module with a main package, from the module proxy; gives the path of the binary. */
export async function goProgram(name: string): Promise<Installed> {
  try {
    const source = join(__dirname, name);
    const files = (await readdir(source)).sort();
    const contents = await Promise.all(files.map((file) => readFile(join(source, file))));
    const folder = await cached(`${name}-${recipeKey(...files, ...contents)}`, async (unfinished) => {
      if (!(await answers('go', ['version']))) throw new Error('it needs Go, and no go command was found');
      const flags = ['-mod=readonly', '-buildvcs=false', '-trimpath', '-ldflags', '-s -w'];
      const args = ['build', ...flags, '-o', join(unfinished, name), '.'];
      await run('go', args, { cwd: source, timeoutMs: 25 * 60_000 });
    });
    return join(folder, name);
  } catch (error) {
    return { skipped: `${name} could not be built: ${(error as Error).message}` };
  }
}
