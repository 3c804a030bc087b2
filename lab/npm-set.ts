import { existsSync } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cached, recipeKey } from './cache';
import type { Installed } from './installed';
import { cleanEnvironment, run } from './run';

export interface NpmSetOptions {
  /** Packages whose install scripts run, with a compiler, for the running version of Node. */
  readonly build?: readonly string[];
}

/**
 * Installs exactly what a folder's `package.json` and lock name, without install scripts other than those that are
 * asked for, and gives the path of the `node_modules`. `name` is what the cache and messages call it.
 */
export async function npmSet(name: string, folder: string, options: NpmSetOptions = {}): Promise<Installed> {
  const { build = [] } = options;
  try {
    const files = ['package.json', 'package-lock.json'];
    const contents = await Promise.all(files.map((file) => readFile(join(folder, file))));
    const built = build.length === 0 ? [] : [build.join(), process.version];
    const path = await cached(`npm-${name}-${recipeKey(...contents, ...built)}`, async (unfinished) => {
      for (const file of files) await copyFile(join(folder, file), join(unfinished, file));
      await run('npm', ['ci', '--ignore-scripts', '--no-fund', '--no-audit'], { cwd: unfinished });
      if (build.length > 0)
        await run('npm', ['rebuild', ...build], { cwd: unfinished, env: buildEnvironment() });
    });
    return join(path, 'node_modules');
  } catch (error) {
    return { skipped: `the packages "${name}" could not be installed: ${(error as Error).message}` };
  }
}

/** Headers that are installed beside Node are used; otherwise node-gyp looks for them itself. */
function buildEnvironment(): NodeJS.ProcessEnv {
  const prefix = dirname(dirname(process.execPath));
  const hasHeaders = existsSync(join(prefix, 'include', 'node', 'node.h'));
  return cleanEnvironment(hasHeaders ? { npm_config_nodedir: prefix } : {});
}
