import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache';
import type { Installed } from './installed';
import { cleanEnvironment, run } from './run';

/** The newest release of each line that the agent supports. */
export const NODE_VERSIONS: Readonly<Record<number, string>> = {
  18: '18.20.8',
  20: '20.20.2',
  22: '22.23.3',
  24: '24.21.0',
  26: '26.10.0',
};

/** The path of a `node` binary. `version` is a line (`18`) or an exact version; the running one is not installed again. */
export async function nodeVersion(version: number | string): Promise<Installed> {
  const exact = NODE_VERSIONS[Number(version)] ?? String(version);
  if (exact === process.versions.node) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  try {
    const folder = await cached(`node-${exact}`, (unfinished) =>
      unpack(`${name}@${exact}`, name, unfinished),
    );
    return join(folder, 'bin', 'node');
  } catch (error) {
    return {
      skipped: `Node ${exact} could not be installed from the package ${name}: ${(error as Error).message}`,
    };
  }
}

/** The package's own folder becomes the installation. */
async function unpack(specification: string, name: string, folder: string): Promise<void> {
  const work = await mkdtemp(`${folder}-npm-`);
  try {
    const args = [
      'install',
      '--no-save',
      '--ignore-scripts',
      '--no-fund',
      '--no-audit',
      '--prefix',
      work,
      specification,
    ];
    await run('npm', args, { cwd: work, env: cleanEnvironment() });
    await rm(folder, { recursive: true });
    await rename(join(work, 'node_modules', name), folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
