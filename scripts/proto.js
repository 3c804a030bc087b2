'use strict';

// Generates build/proto/index.js and index.d.ts from proto/. Skips when its inputs are unchanged; several runs
// at once do no harm: each writes a folder of its own and puts it into place by rename.

const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const protoDir = path.join(root, 'proto');
const outDir = path.join(root, 'build', 'proto');

const PBJS_OPTIONS = [
  '--target=static-module',
  '--wrap=commonjs',
  '--dts',
  '--no-create',
  '--no-verify',
  '--no-convert',
  '--no-delimited',
  '--no-typeurl',
];

function protoFiles(dir) {
  return fs
    .readdirSync(dir, { withFileTypes: true })
    .flatMap((entry) => {
      const file = path.join(dir, entry.name);
      if (entry.isDirectory()) return protoFiles(file);
      return entry.name.endsWith('.proto') ? [file] : [];
    })
    .sort();
}

/** Hash of everything the output depends on. */
function fingerprint(files) {
  const hash = createHash('sha256').update(fs.readFileSync(__filename));
  hash.update(require('protobufjs-cli/package.json').version);
  for (const file of files) hash.update(path.relative(root, file)).update('\0').update(fs.readFileSync(file));
  return hash.digest('hex');
}

function isCurrent(stamp) {
  try {
    if (!fs.existsSync(path.join(outDir, 'index.js')) || !fs.existsSync(path.join(outDir, 'index.d.ts')))
      return false;
    return fs.readFileSync(path.join(outDir, 'stamp'), 'utf8') === stamp;
  } catch {
    return false; // no stamp yet
  }
}

function generate(files, stamp) {
  const temp = fs.mkdtempSync(path.join(ensureDir(path.join(root, 'build')), 'proto-'));
  try {
    const pbjs = require.resolve('protobufjs-cli/bin/pbjs');
    const args = [pbjs, ...PBJS_OPTIONS, '--path', protoDir, '--out', path.join(temp, 'index.js'), ...files];
    const run = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`pbjs failed (${run.status}): ${run.stderr || run.error}`);
    fs.writeFileSync(path.join(temp, 'stamp'), stamp);
    // File by file, the stamp last: a reader never finds the folder missing.
    ensureDir(outDir);
    for (const name of ['index.js', 'index.d.ts', 'stamp']) {
      fs.renameSync(path.join(temp, name), path.join(outDir, name));
    }
  } finally {
    fs.rmSync(temp, { recursive: true, force: true });
  }
}

function ensureDir(dir) {
  fs.mkdirSync(dir, { recursive: true });
  return dir;
}

/** Returns true if code was generated, false if it was current already. */
function build() {
  const files = protoFiles(protoDir);
  const stamp = fingerprint(files);
  if (isCurrent(stamp)) return false;
  generate(files, stamp);
  return true;
}

module.exports = { build };

if (require.main === module) console.log(build() ? 'proto: generated' : 'proto: up to date');
