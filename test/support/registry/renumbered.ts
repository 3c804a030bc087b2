import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Renumbered {
  /** A `node_modules` to resolve packages from; their dependencies are found by NODE_PATH. */
  readonly folder: string;
  readonly env: { readonly NODE_PATH: string };
  remove(): void;
}

/** Copies of packages, the first of which says that it is of another version. */
export function renumbered(from: string, version: string, packages: readonly string[]): Renumbered {
  const root = mkdtempSync(join(tmpdir(), 'inmesh-renumbered-'));
  const folder = join(root, 'node_modules');
  for (const each of packages) cpSync(join(from, each), join(folder, each), { recursive: true });
  const file = join(folder, packages[0]!, 'package.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), version }));
  return {
    folder,
    env: { NODE_PATH: from },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
