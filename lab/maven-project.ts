import { cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { cached, recipeKey } from './cache';
import type { Installed } from './installed';
import { answers, run } from './run';

/** What every JVM of the lab has in common, laid beside the sources of each project. */
const SHARED = join(__dirname, 'jvm');
const SHARED_PACKAGE = join('src', 'main', 'java', 'lab', 'jvm');

/**
 * Builds `lab/<name>`, a Maven project whose jar names its dependencies, and gives the folder with the jar and
 * `dependency/`. `profile` is one of the project's own.
 */
export async function mavenProject(name: string, profile = ''): Promise<Installed> {
  try {
    const source = join(__dirname, name);
    const files = [...(await filesBelow(source)), ...(await filesBelow(SHARED))];
    const contents = await Promise.all(files.map((file) => readFile(file)));
    const key = recipeKey(profile, ...files.map((file) => relative(__dirname, file)), ...contents);
    const suffix = profile ? `-${profile}` : '';
    return await cached(`${name}${suffix}-${key}`, (unfinished) => build(source, profile, unfinished));
  } catch (error) {
    return { skipped: `${name} could not be built: ${(error as Error).message}` };
  }
}

async function build(source: string, profile: string, folder: string): Promise<void> {
  if (!(await answers('mvn', ['-v'])))
    throw new Error('it needs Maven and Java 17, and no mvn command answered');
  const work = join(folder, 'work');
  await cp(source, work, { recursive: true, filter: (path) => !path.endsWith('/target') });
  await mkdir(join(work, SHARED_PACKAGE), { recursive: true });
  await cp(SHARED, join(work, SHARED_PACKAGE), { recursive: true });
  const args = ['-B', '-ntp', '-q', 'package', ...(profile ? ['-P', profile] : [])];
  await run('mvn', args, { cwd: work, timeoutMs: 15 * 60_000 });
  const target = join(work, 'target');
  for (const entry of await readdir(target)) {
    if (entry === 'dependency' || entry.endsWith('.jar'))
      await rename(join(target, entry), join(folder, entry));
  }
  await rm(work, { recursive: true });
}

/** All files below, in a stable order, without what a build by hand left. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) found.push(path);
    else if (entry.name !== 'target') found.push(...(await filesBelow(path)));
  }
  return found;
}

/** Options of a JVM that serves a test: small, and ready soon rather than fast later. `home` is its `user.home`. */
export function jvmOptions(heapMb: number, home: string): string[] {
  const flags = [`-Xmx${heapMb}m`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
  return [...flags, `-Duser.home=${home}`, `-Djava.io.tmpdir=${home}`];
}
