'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

/**
 * Runs `npm ci` when `node_modules` is missing or holds other versions than the lock names.
 * Gives the milliseconds it took, 0 when nothing was to do. Throws when npm fails.
 */
function ensureInstalled(root) {
  if (isInstalled(root)) return 0;
  console.log('installing the development dependencies (npm ci)');
  const began = Date.now();
  const args = ['ci', '--include=dev', '--no-fund', '--no-audit', '--loglevel=error'];
  const { status, error } = spawnSync('npm', args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`npm ci ended with ${status}`);
  return Date.now() - began;
}

/** Compares the lock with the list that npm keeps of what it has installed. */
function isInstalled(root) {
  const installed = readPackages(path.join(root, 'node_modules', '.package-lock.json'));
  if (!installed) return false;
  const wanted = readPackages(path.join(root, 'package-lock.json')) ?? {};
  return Object.entries(wanted).every(([folder, { version, optional, peer }]) => {
    if (folder === '') return true;
    if (!installed[folder]) return optional === true || peer === true;
    return installed[folder].version === version;
  });
}

function readPackages(file) {
  if (!fs.existsSync(file)) return undefined;
  return JSON.parse(fs.readFileSync(file, 'utf8')).packages;
}

module.exports = { ensureInstalled };
