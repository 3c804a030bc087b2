'use strict';

// `npm run demo`: installs, builds and runs the main job on one machine. Needs Node only.
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const root = path.join(__dirname, '..');

const { ensureInstalled } = require('./lib/install');

ensureInstalled(root);
const built = spawnSync(process.execPath, [path.join(__dirname, 'build.js')], {
  cwd: root,
  stdio: 'inherit',
});
if (built.status !== 0) {
  console.error('demo: the build failed, see above');
  process.exit(1);
}
require('../examples/demo/story')
  .main(process.argv.slice(2))
  .then(
    (code) => process.exit(code),
    (error) => {
      console.error(`demo: ${error.stack || error}`);
      process.exit(1);
    },
  );
