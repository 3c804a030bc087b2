/**
 * Hooks of libraries: patch a package's exports in place when the application loads it.
 *
 * Patched symbol: `Module._load`, through which every load of a CommonJS package goes, from `require` and from
 * `import` of an ES module alike, on Node 18 to 26. require-in-the-middle patches `require`, does not see the
 * latter, and resolves every name twice: measured, 8 to 10 ms more at the start of an Express application.
 * Exports are changed in place, never replaced, so that ES modules' live bindings and caches agree.
 * ES-module-only packages are not seen.
 */

import Module = require('node:module');

import type { Log } from '../../src/observe';
import { packageOf, packageRoot } from './package';

export interface LibraryHook {
  /** The package's name on npm. */
  readonly package: string;
  /** Semver range that the patch was tested with. */
  readonly versions: string;
  /** What is missing when the package cannot be patched, for the one line that says so. */
  readonly missing: string;
  /** Changes the exports of the package's main file in place. May throw: the application does not notice. */
  patch(exports: unknown, version: string): void;
  failed(error: unknown): void;
}

interface BuiltinHook {
  /** Without `node:`. */
  readonly name: string;
  patch(exports: unknown): void;
  failed(error: unknown): void;
}

type Load = (request: unknown, parent: unknown, isMain: unknown) => unknown;

const libraries = new Map<string, LibraryHook>();
const builtins = new Map<string, BuiltinHook>();
const seen = new WeakSet<object>();
let log: Log | undefined;

export function registerLibraryHook(hook: LibraryHook): void {
  libraries.set(hook.package, hook);
}

/** For built-ins that cost too much to load just for patching them. Sees `require`, not `import`. */
export function registerBuiltinHook(hook: BuiltinHook): void {
  builtins.set(hook.name, hook);
  builtins.set(`node:${hook.name}`, hook);
}

/** Patches `Module._load` once, if anything was registered. */
export function installLibraryHooks(to: Log): void {
  if (log !== undefined || libraries.size + builtins.size === 0) return;
  log = to;
  nameLoaded(to);
  const holder = Module as unknown as { _load: Load };
  const original = holder._load;
  holder._load = function _load(request, parent, _isMain) {
    const exports = Reflect.apply(original, this, arguments);
    if (typeof request === 'string') loaded(request, parent, exports);
    return exports;
  };
}

/** After every load in the process: two lookups for what is not ours. */
function loaded(request: string, parent: unknown, exports: unknown): void {
  const builtin = builtins.get(request);
  if (builtin !== undefined) patchBuiltin(builtin, exports);
  // By name, or by path: what an ES module imports arrives as the absolute path of the package's main file.
  const hook = libraries.get(request) ?? (request.includes('node_modules') ? byPath(request) : undefined);
  if (hook !== undefined && isObject(exports) && !seen.has(exports))
    patchLibrary(hook, request, parent, exports);
}

function byPath(request: string): LibraryHook | undefined {
  const name = packageOf(request);
  return name === undefined ? undefined : libraries.get(name);
}

function patchBuiltin(hook: BuiltinHook, exports: unknown): void {
  if (!isObject(exports) || seen.has(exports)) return;
  seen.add(exports);
  try {
    hook.patch(exports);
  } catch (error) {
    hook.failed(error);
  }
}

function patchLibrary(hook: LibraryHook, request: string, parent: unknown, exports: object): void {
  try {
    const file = resolve(request, parent);
    const root = packageRoot(file, hook.package);
    // Some other file of the package, or one that only has its name.
    if (root === undefined || resolve(root.folder, null) !== file) return;
    seen.add(exports);
    if (root.satisfies(hook.versions)) hook.patch(exports, root.version);
    else incompatible(hook, root.version);
  } catch (error) {
    hook.failed(error);
  }
}

/** Node's own resolution, which is in its cache by now. */
function resolve(request: string, parent: unknown): string {
  const { _resolveFilename } = Module as unknown as {
    _resolveFilename(request: string, parent: unknown): string;
  };
  return Reflect.apply(_resolveFilename, Module, [request, parent]);
}

function incompatible(hook: LibraryHook, version: string): void {
  const message = `${hook.package} ${version} is not one of the supported versions (${hook.versions}): ${hook.missing}.`;
  log?.line(
    'warn',
    'hook.version',
    message,
    { package: hook.package, version },
    `${hook.package}@${version}`,
  );
}

/** What another preload has loaded before us cannot be patched any more: its instances may exist. */
function nameLoaded(to: Log): void {
  for (const file of Object.keys(require.cache)) {
    const hook = byPath(file);
    if (hook === undefined) continue;
    const message = `${hook.package} was loaded before the agent: ${hook.missing}. Put the agent's --require first.`;
    to.line('warn', 'hook.too-late', message, { package: hook.package }, hook.package);
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
