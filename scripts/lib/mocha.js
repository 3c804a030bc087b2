'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** A suite that ends but does not exit has leaked a handle; one that says nothing for so long hangs. */
const EXIT_PATIENCE_MS = 20_000;
const SILENCE_MS = 15 * 60_000;
const POLL_MS = 500;

/**
 * Runs one suite in a mocha of its own; `quiet` hides what it prints.
 * Gives `{passed, failed, skipped, failures: [{title, message}], skips: [{title, reason}], cold: [{name, ms}]}`.
 */
async function runSuite(root, suite, mochaOptions) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'inmesh-test-'));
  const results = path.join(folder, 'results');
  fs.writeFileSync(results, '');
  const mocha = path.join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const args = ['--reporter', path.join(__dirname, 'reporter.js'), '--reporter-option', `results=${results}`];
  const child = spawn(process.execPath, [mocha, ...args, '--forbid-only', ...mochaOptions, ...suite.specs], {
    cwd: root,
    stdio: suite.quiet ? 'ignore' : 'inherit',
    env: { ...process.env, ...suite.env },
  });
  try {
    const problem = await watch(child, results);
    const tally = tallyOf(readLines(results));
    if (problem) add(tally, `the suite "${suite.name}"`, problem);
    return tally;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Resolves when mocha is gone, with what was wrong with its end. */
function watch(child, results) {
  return new Promise((resolve) => {
    let size = 0;
    let since = Date.now();
    let problem;
    const timer = setInterval(() => {
      const grown = fs.statSync(results).size;
      if (grown !== size) {
        size = grown;
        since = Date.now();
      }
      const ended = readLines(results).some(({ end }) => end);
      if (Date.now() - since < (ended ? EXIT_PATIENCE_MS : SILENCE_MS)) return;
      problem = ended
        ? 'did not exit after its last test: a handle was left open'
        : 'said nothing for 15 minutes';
      child.kill('SIGKILL');
    }, POLL_MS);
    child.once('error', (error) => {
      clearInterval(timer);
      resolve(error.message);
    });
    child.once('close', (code, signal) => {
      clearInterval(timer);
      const complete = readLines(results).some(({ end }) => end);
      resolve(problem ?? (complete ? undefined : `mocha ended early (${signal ?? code}), see above`));
    });
  });
}

function readLines(file) {
  return fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line));
}

function tallyOf(lines) {
  const tally = { passed: 0, failed: 0, skipped: 0, failures: [], skips: [], cold: [] };
  for (const line of lines) {
    if (line.end) tally.cold.push(...line.cold);
    else if (line.outcome === 'failed') add(tally, line.title, line.message);
    else tally[line.outcome]++;
    if (line.outcome === 'skipped') tally.skips.push({ title: line.title, reason: line.reason });
  }
  return tally;
}

function add(tally, title, message) {
  tally.failed++;
  tally.failures.push({ title, message });
}

module.exports = { runSuite };
