import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentThread, foreign, isOwnCommand, isTool } from '../../../src/preload/guards';

const MAIN = () => ({ isMainThread: true, parentPort: null });

describe('preload: guards', () => {
  const tools = [
    '/usr/lib/node_modules/npm/bin/npm-cli.js',
    '/usr/lib/node_modules/npm/bin/npx-cli.js',
    '/usr/bin/npm',
    '/app/node_modules/.bin/tsc',
    '/app/node_modules/typescript/bin/tsc',
    '/app/.yarn/releases/yarn-4.1.0.cjs',
    '/var/cache/node/corepack/v1/pnpm/9.0.0/bin/pnpm.cjs',
    '/usr/lib/node_modules/corepack/dist/corepack.js',
    '/app/node_modules/.bin/webpack',
    '/app/node_modules/esbuild/bin/esbuild',
    '/usr/lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js',
  ];
  for (const script of tools) it(`knows ${script} as a tool`, () => assert.equal(isTool(script), true));

  for (const script of [
    '/app/server.js',
    '/app/dist/main.cjs',
    '/app/npm/server.js',
    '/app',
    '/app/yarning.js',
  ]) {
    it(`takes ${script} for an application`, () => assert.equal(isTool(script), false));
  }

  it('takes no script (node -e, standard input) for an application', () => {
    assert.equal(isTool(undefined), false);
    assert.equal(foreign(['node'], MAIN), undefined);
  });

  it('looks through symbolic links', () => {
    const folder = mkdtempSync(join(tmpdir(), 'inmesh-guard-'));
    mkdirSync(join(folder, 'npm/bin'), { recursive: true });
    writeFileSync(join(folder, 'npm/bin/npm-cli.js'), '');
    symlinkSync(join(folder, 'npm/bin/npm-cli.js'), join(folder, 'package-manager'));
    const found = isTool(join(folder, 'package-manager'));
    rmSync(folder, { recursive: true });
    assert.equal(found, true);
  });

  it('knows the command of its own copy, by its file and by a link to it, and no other cli.js', () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'inmesh-guard-')));
    mkdirSync(join(folder, 'dist'));
    mkdirSync(join(folder, 'app'));
    for (const file of ['dist/cli.js', 'app/cli.js']) writeFileSync(join(folder, file), '');
    symlinkSync(join(folder, 'dist/cli.js'), join(folder, 'inmesh'));
    const own = (script: string | undefined) => isOwnCommand(script, join(folder, 'dist'));
    const found = ['dist/cli.js', 'inmesh', 'app/cli.js', 'none/cli.js'].map((name) =>
      own(join(folder, name)),
    );
    rmSync(folder, { recursive: true });
    assert.deepEqual(found, [true, true, false, false]);
    assert.equal(own(undefined), false);
  });

  it('knows threads for module loaders, and leaves application workers in', () => {
    const worker = { isMainThread: false, parentPort: {} };
    assert.equal(
      foreign(['node'], () => worker),
      undefined,
    );
    assert.equal(
      foreign(['node'], () => ({ ...worker, parentPort: null })),
      'loader thread',
    );
    assert.equal(
      foreign(['node'], () => ({ ...worker, isInternalThread: true })),
      'loader thread',
    );
  });

  it('knows the main thread without loading worker_threads', () => {
    assert.equal(currentThread().isMainThread, true);
  });
});
