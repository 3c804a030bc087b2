'use strict';

// `npm run demo:bridge`: installs, builds, and shows services of a registry becoming services of the mesh. Needs Node only.
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
require('../examples/bridge-demo/story')
  .main(process.argv.slice(2))
  .then(
    (code) => process.exit(code),
    (error) => {
      console.error(`demo: ${error.message}`);
      process.exit(1);
    },
  );
