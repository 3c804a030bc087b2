/** A folder of YAML files, followed as it changes. */

import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Editors write in several steps. */
const DEBOUNCE_MS = 50;
/** For file systems without events (containers' mounts, a ConfigMap's symlinks). */
const POLL_MS = 500;

export interface FolderOptions {
  readonly onChange: (files: ReadonlyMap<string, string>) => void;
  readonly onError: (error: Error) => void;
}

/** Text by path inside the folder; `.yaml` and `.yml`, in sub folders too, hidden ones left out. Rejects when it cannot be read. */
export async function readFolder(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const path of await yamlFiles(folder)) files.set(relative(folder, path), await readFile(path, 'utf8'));
  return files;
}

export class Folder {
  private readonly watchers: FSWatcher[] = [];
  private readonly poll: NodeJS.Timeout;
  private debounce: NodeJS.Timeout | undefined;
  private signature = '';
  private stopped = false;

  /** `files`: what the caller has read already. */
  constructor(
    private readonly folder: string,
    private files: ReadonlyMap<string, string>,
    private readonly options: FolderOptions,
  ) {
    this.watch();
    this.poll = setInterval(() => void this.look(), POLL_MS);
    this.poll.unref();
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.poll);
    clearTimeout(this.debounce);
    for (const watcher of this.watchers) watcher.close();
  }

  /** Reads now, and reports if something is different. */
  async read(): Promise<void> {
    try {
      const files = await readFolder(this.folder);
      if (this.stopped || same(files, this.files)) return;
      this.files = files;
      this.options.onChange(files);
    } catch (error) {
      if (!this.stopped) this.options.onError(error as Error);
    }
  }

  private watch(): void {
    try {
      const watcher = watch(this.folder, { persistent: false }, () => this.soon());
      // Polling goes on without it.
      watcher.on('error', () => watcher.close());
      this.watchers.push(watcher);
    } catch {
      // No events here (a limit, or a file system without them): polling sees the change.
      return;
    }
  }

  private soon(): void {
    if (this.stopped) return;
    clearTimeout(this.debounce);
    this.debounce = setTimeout(() => void this.read(), DEBOUNCE_MS);
  }

  private async look(): Promise<void> {
    const signature = await signatureOf(this.folder);
    if (signature === this.signature) return;
    const first = this.signature === '';
    this.signature = signature;
    if (first) await this.read();
    else this.soon();
  }
}

async function yamlFiles(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    // A link may lead to a folder (a ConfigMap's does).
    const isFolder = entry.isSymbolicLink() ? (await stat(path)).isDirectory() : entry.isDirectory();
    if (isFolder) found.push(...(await yamlFiles(path)));
    else if (/\.ya?ml$/.test(entry.name)) found.push(path);
  }
  return found;
}

/** Changes when a file does; empty while the folder cannot be read. */
async function signatureOf(folder: string): Promise<string> {
  try {
    const parts = await Promise.all(
      (await yamlFiles(folder)).map(async (path) => {
        const { mtimeMs, size, ino } = await stat(path);
        return `${path} ${mtimeMs} ${size} ${ino}`;
      }),
    );
    return `${parts.length}\n${parts.sort().join('\n')}`;
  } catch (error) {
    return `unreadable ${(error as NodeJS.ErrnoException).code}`;
  }
}

function same(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([path, text]) => b.get(path) === text);
}
