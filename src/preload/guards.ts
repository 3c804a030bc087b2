import { realpathSync } from 'node:fs';
import { basename, join } from 'node:path';

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

/** What `worker_threads` says of a thread. */
export interface Thread {
  readonly isMainThread: boolean;
  readonly isInternalThread?: boolean;
  readonly parentPort: unknown;
}

/**
 * The thread this runs in. `worker_threads` takes 2 ms to load, so it is asked only in a worker: there, and only
 * there, Node marks `process.chdir` as disabled.
 */
export function currentThread(): Thread {
  const inWorker = Reflect.get(process.chdir, 'disabled') === true;
  return inWorker ? require('node:worker_threads') : { isMainThread: true, parentPort: null };
}

/** Why this thread is none of ours, as a word; undefined when it is. */
export function foreign(argv: readonly string[], thread: () => Thread): 'tool' | 'loader thread' | undefined {
  if (isTool(argv[1])) return 'tool';
  const { isMainThread, isInternalThread, parentPort } = thread();
  // A thread for module loaders has no parent to talk to; from Node 22 on it says so itself.
  return !isMainThread && (isInternalThread === true || parentPort === null) ? 'loader thread' : undefined;
}

/** `script`: the program's first argument, absolute, perhaps a symbolic link (`node_modules/.bin/tsc`). */
export function isTool(script: string | undefined): boolean {
  if (script === undefined) return false;
  if (TOOLS.has(bareName(script))) return true;
  try {
    return TOOLS.has(bareName(realpathSync(script)));
  } catch {
    // No file: `node -e`, standard input, or a mistake that Node itself will report.
    return false;
  }
}

/** The `inmesh` command of this very copy looks at the mesh itself. `folder`: where the built files are. */
export function isOwnCommand(script: string | undefined, folder: string): boolean {
  if (script === undefined || !/(^|[\\/])(inmesh|cli\.js)$/.test(script)) return false;
  try {
    return realpathSync(script) === join(folder, 'cli.js');
  } catch {
    // No file: Node itself will report it.
    return false;
  }
}

/** `/a/yarn-4.1.0.cjs` -> `yarn` */
function bareName(script: string): string {
  return basename(script)
    .replace(/\.[cm]?js$/, '')
    .replace(/-v?\d[\w.-]*$/, '');
}
