'use strict';

// `npm run bench`: installs, builds and prints every budget. Arguments are names of benches.
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { ensureInstalled } = require('./lib/install');

const root = path.join(__dirname, '..');
ensureInstalled(root);
const steps = [
  [path.join(__dirname, 'build.js')],
  ['--require', 'tsx/cjs', path.join(root, 'bench', 'index.ts'), ...process.argv.slice(2)],
];
for (const step of steps) {
  const done = spawnSync(process.execPath, step, { cwd: root, stdio: 'inherit' });
  if (done.status !== 0) process.exit(done.status ?? 1);
}
