'use strict';

/**
 * Builds `dist/`: everything the packed tarball runs, without dependencies. Run by itself it installs first what it
 * needs. Plain Node, safe to run twice at once (files are replaced atomically, and only when their content changed).
 *
 *   dist/preload.js      the application's main thread: front door and hooks, as small as possible; and, for the files
 *                        that are loaded later, Node's functions as it found them
 *   dist/agent.js        what the first call loads: mesh and link handle
 *   dist/re2.js          regular expressions of routes, loaded when a route has one
 *   dist/http-engine.js  what the first call to the mesh loads of the HTTP hook
 *   dist/registry-clients.js  hooks of registry clients, loaded when one of those is
 *   dist/semver.js       version ranges, loaded when a hooked library is
 *   dist/link-worker.js  the worker thread: gRPC, protobuf
 *   dist/cli.js          the `inmesh` command
 */

const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const DIST = path.join(ROOT, 'dist');

/** Modules that become files of their own, required at run time: import path (as resolved) -> file in dist. */
const SPLIT = [
  { match: /^re2js$/, file: './re2.js' },
  { match: /^semver\/functions\/satisfies$/, file: './semver.js' },
  { match: /^\.\/engine$/, file: './http-engine.js', only: path.join(ROOT, 'hooks/http') },
  { match: /\/registry-clients$/, file: './registry-clients.js' },
  { match: /\/preload\/agent$|^\.\/agent$/, file: './agent.js', only: path.join(ROOT, 'src/preload') },
];

const BUNDLES = [
  { out: 'preload.js', entry: 'src/preload/main.ts', split: true },
  { out: 'agent.js', entry: 'src/preload/agent.ts', split: true, later: true },
  { out: 're2.js', source: "module.exports = require('re2js');" },
  { out: 'http-engine.js', entry: 'hooks/http/engine.ts', split: true, later: true },
  { out: 'registry-clients.js', entry: 'hooks/registry-clients.ts', split: true, later: true },
  { out: 'semver.js', source: "module.exports = require('semver/functions/satisfies');" },
  { out: 'link-worker.js', entry: 'src/link/worker/main.ts' },
  { out: 'cli.js', entry: 'src/cli/main.ts', executable: true },
];

/** Keeps the modules of SPLIT out of a bundle and points at their own files. */
const splitPlugin = {
  name: 'split',
  setup(build) {
    for (const { match, file, only } of SPLIT) {
      build.onResolve({ filter: match }, (args) => {
        if (args.kind === 'entry-point') return undefined;
        if (only !== undefined && args.resolveDir !== only) return undefined;
        return { path: file, external: true };
      });
    }
  },
};

/** Modules that hold what the preload found: a bundle that is loaded later takes it from there, and has no own. */
const FOUND_BY_PRELOAD = [
  {
    name: 'native',
    file: /\/src\/observe\/native\.ts$/,
    values: 'setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate, connect',
  },
  { name: 'internals', file: /\/hooks\/http\/internals\.ts$/, values: 'NativeClientRequest, native' },
];

const laterPlugin = {
  name: 'later',
  setup(build) {
    for (const { name, file, values } of FOUND_BY_PRELOAD) {
      const contents = `export const { ${values} } = require('./preload.js').${name};`;
      build.onLoad({ filter: file }, () => ({ contents }));
    }
    build.onResolve({ filter: /^\.\/preload\.js$/ }, ({ path: file }) => ({ path: file, external: true }));
  },
};

async function bundle(esbuild, { out, entry, source, split, later, executable }) {
  const from =
    source === undefined
      ? { entryPoints: [path.join(ROOT, entry)] }
      : { stdin: { contents: source, resolveDir: ROOT, loader: 'js' } };
  const result = await esbuild.build({
    ...from,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node18',
    outfile: path.join(DIST, out),
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'linked',
    logLevel: 'warning',
    plugins: [...(split ? [splitPlugin] : []), ...(later ? [laterPlugin] : [])],
    banner: executable ? { js: '#!/usr/bin/env node' } : {},
  });
  for (const file of result.outputFiles) replace(file.path, file.contents, executable ? 0o755 : 0o644);
}

/** Writes a file whole or not at all; leaves it alone when nothing changed. */
function replace(file, contents, mode) {
  if (fs.existsSync(file) && fs.readFileSync(file).equals(Buffer.from(contents))) return;
  const temporary = `${file}.${process.pid}.tmp`;
  fs.writeFileSync(temporary, contents, { mode });
  fs.renameSync(temporary, file);
}

async function build() {
  require('node:child_process').execFileSync(process.execPath, [path.join(__dirname, 'proto.js')], {
    stdio: 'inherit',
  });
  const esbuild = require('esbuild');
  fs.mkdirSync(DIST, { recursive: true });
  await Promise.all(BUNDLES.map((each) => bundle(esbuild, each)));
}

module.exports = { build };

if (require.main === module) {
  require('./lib/install').ensureInstalled(ROOT);
  build().catch((error) => {
    console.error(`build failed: ${error.message}`);
    process.exitCode = 1;
  });
}
