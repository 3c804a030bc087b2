import * as fs from 'node:fs';
import * as path from 'node:path';

/**
 * Package managers and compilers by the name of their script, without extension and version. They run wherever an
 * application's environment is inherited (init scripts, `npm start`), make calls that are not the application's, and
 * must not be slowed down. Programs that run the application's code (ts-node, nodemon, pm2, test runners) are no tools.
 */
const TOOLS = new Set([
  ...[
    'npm',
    'npm-cli',
    'npx',
    'npx-cli',
    'npm-prefix',
    'pnpm',
    'pnpx',
    'yarn',
    'yarnpkg',
    'yarn-berry',
    'corepack',
    'cnpm',
    'lerna',
  ],
  ...[
    'tsc',
    '_tsc',
    'tsserver',
    'tsx',
    'esbuild',
    'swc',
    'babel',
    'webpack',
    'webpack-cli',
    'rollup',
    'vite',
    'parcel',
    'turbo',
  ],
  ...['node-gyp', 'node-gyp-build', 'node-pre-gyp', 'prebuild-install', 'eslint', 'prettier', 'biome'],
]);

/** What the guards look at; `process` and `worker_threads` in a real process. */
export interface Surroundings {
  readonly argv: readonly string[];
  readonly thread: {
    readonly isMainThread: boolean;
    readonly isInternalThread?: boolean;
    readonly parentPort: unknown;
  };
}

/** Why this thread is none of ours, as a word; undefined when it is. */
export function foreign({ argv, thread }: Surroundings): 'tool' | 'loader thread' | undefined {
  // A thread for module loaders has no parent to talk to; Node 22 says so itself.
  const loader = thread.isInternalThread === true || thread.parentPort === null;
  if (!thread.isMainThread && loader) return 'loader thread';
  return isTool(argv[1]) ? 'tool' : undefined;
}

/** `script`: the program's first argument, absolute, perhaps a symbolic link (`node_modules/.bin/tsc`). */
export function isTool(script: string | undefined): boolean {
  if (script === undefined) return false;
  if (TOOLS.has(bareName(script))) return true;
  try {
    return TOOLS.has(bareName(fs.realpathSync(script)));
  } catch {
    // No file: `node -e`, standard input, or a mistake that Node itself will report.
    return false;
  }
}

/** `/a/yarn-4.1.0.cjs` -> `yarn` */
function bareName(script: string): string {
  return path
    .basename(script)
    .replace(/\.[cm]?js$/, '')
    .replace(/-v?\d[\w.-]*$/, '');
}
