import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, recipeKey } from './cache';
import type { Installed } from './installed';
import { run } from './run';

/**
 * Installs exactly what a folder's `package.json` and lock name, without install scripts, and gives the path of
 * the `node_modules`. `name` is what the cache and messages call it.
 */
export async function npmSet(name: string, folder: string): Promise<Installed> {
  try {
    const files = ['package.json', 'package-lock.json'];
    const contents = await Promise.all(files.map((file) => readFile(join(folder, file))));
    const path = await cached(`npm-${name}-${recipeKey(...contents)}`, async (unfinished) => {
      for (const file of files) await copyFile(join(folder, file), join(unfinished, file));
      await run('npm', ['ci', '--ignore-scripts', '--no-fund', '--no-audit'], { cwd: unfinished });
    });
    return join(path, 'node_modules');
  } catch (error) {
    return { skipped: `the packages "${name}" could not be installed: ${(error as Error).message}` };
  }
}
