'use strict';

const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { ensureInstalled } = require('./install');

const ROOT = path.join(__dirname, '..', '..');

/** Installs, builds and tells the story of `examples/<name>`; ends the process with its exit code. */
function runDemo(name) {
  ensureInstalled(ROOT);
  const build = path.join(ROOT, 'scripts', 'build.js');
  const built = spawnSync(process.execPath, [build], { cwd: ROOT, stdio: 'inherit' });
  if (built.status !== 0) {
    console.error('demo: the build failed, see above');
    process.exit(1);
  }
  require(path.join(ROOT, 'examples', name, 'story'))
    .main(process.argv.slice(2))
    .then(
      (code) => process.exit(code),
      (error) => {
        console.error(`demo: ${error.message}`);
        process.exit(1);
      },
    );
}

module.exports = { runDemo };
