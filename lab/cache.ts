import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const LOCK_POLL_MS = 200;
const LOCK_PATIENCE_MS = 20 * 60_000;

/** What this process had to install because the cache did not have it, with its milliseconds. */
export const coldInstalls: { readonly name: string; readonly ms: number }[] = [];

function cacheRoot(): string {
  return process.env['INMESH_LAB_CACHE'] || join(homedir(), '.cache', 'inmesh');
}

/** A short key of everything that decides what an installation contains. */
export function recipeKey(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex').slice(0, 12);
}

/**
 * The folder `name` of the cache, made by `build` when it is not there yet. `build` fills an empty folder beside
 * it, which is renamed into place: a folder that exists is complete. A lock keeps concurrent runs from doing the
 * same work twice; it is not what makes the result right.
 */
export async function cached(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const path = join(cacheRoot(), name);
  if (existsSync(path)) return path;
  await mkdir(dirname(path), { recursive: true });
  const release = await lock(path);
  try {
    if (existsSync(path)) return path;
    const began = Date.now();
    await removeLeftovers(path);
    const unfinished = await mkdtemp(unfinishedPrefix(path));
    try {
      await build(unfinished);
      await renameInto(unfinished, path);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
    coldInstalls.push({ name, ms: Date.now() - began });
    return path;
  } finally {
    await release();
  }
}

function unfinishedPrefix(path: string): string {
  return join(dirname(path), `.unfinished-${basename(path)}-`);
}

/** What a run that was killed in the middle left behind. Called under the lock. */
async function removeLeftovers(path: string): Promise<void> {
  const prefix = basename(unfinishedPrefix(path));
  for (const entry of await readdir(dirname(path))) {
    if (entry.startsWith(prefix)) await rm(join(dirname(path), entry), { recursive: true, force: true });
  }
}

/** A folder that somebody else completed meanwhile is as good as ours. */
async function renameInto(unfinished: string, path: string): Promise<void> {
  try {
    await rename(unfinished, path);
  } catch (error) {
    if (!existsSync(path)) throw error;
  }
}

async function lock(path: string): Promise<() => Promise<void>> {
  const folder = `${path}.lock`;
  const deadline = Date.now() + LOCK_PATIENCE_MS;
  for (;;) {
    try {
      await mkdir(folder);
      await writeFile(join(folder, 'pid'), String(process.pid));
      return () => rm(folder, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (await isAbandoned(folder)) await rm(folder, { recursive: true, force: true });
    else if (Date.now() > deadline)
      throw new Error(`waited too long for ${folder}: remove it if nobody holds it`);
    else await sleep(LOCK_POLL_MS);
  }
}

/** Its owner died without releasing it. A lock without a pid is being taken at this moment. */
async function isAbandoned(folder: string): Promise<boolean> {
  const pid = Number(await readFile(join(folder, 'pid'), 'utf8').catch(() => '0'));
  if (!pid) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
