import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MODULES = /(?:^|[\\/])node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/g;

/** `/app/node_modules/a/node_modules/@b/c/lib/x.js` -> `@b/c` */
export function packageOf(file: string): string | undefined {
  let name: string | undefined;
  for (const found of file.matchAll(MODULES)) name = found[1];
  return name?.replace('\\', '/');
}

export interface PackageRoot {
  readonly folder: string;
  readonly version: string;
  satisfies(range: string): boolean;
}

/** The folder above `file` whose package.json has this name; undefined when there is none. */
export function packageRoot(file: string, name: string): PackageRoot | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const found = readPackage(folder);
    if (found?.name === name && typeof found.version === 'string') {
      const { version } = found;
      return { folder, version, satisfies: (range) => satisfies(version, range) };
    }
    if (folder === dirname(folder)) return undefined;
  }
}

function readPackage(folder: string): { name?: unknown; version?: unknown } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  } catch {
    // No package.json here, which is usual, or one that Node has not minded: look further up.
    return undefined;
  }
}

/** Loaded with the first hooked package, not with the preload. */
function satisfies(version: string, range: string): boolean {
  const semver: typeof import('semver/functions/satisfies') = require('semver/functions/satisfies');
  return semver(version, range, { includePrerelease: true });
}
