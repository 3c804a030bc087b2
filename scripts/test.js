'use strict';

/**
 * `npm test`: installs, builds, checks and tests, on a machine with only Node.
 *
 *   npm test                         everything; long drills in their short form
 *   npm test -- unit integration     some suites: check, unit, integration, peers
 *   npm test -- drills               the long form: minutes of outages and of idle connections
 *   npm test -- --grep "retry"       mocha's own options; also paths of .test.ts files
 *
 * INMESH_PEERS=required makes a real peer that cannot be installed a failure; otherwise its tests are skipped and
 * the summary says why. The last line is `N passed, N failed` (`, N skipped`); the exit code is 1 on a failure.
 */

const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { ensureInstalled } = require('./lib/install');
const { runSuite } = require('./lib/mocha');
const { select } = require('./lib/suites');
const { summaryLines } = require('./lib/summary');

const ROOT = path.join(__dirname, '..');

const CHECKS = [
  { name: 'biome', args: ['@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'] },
  { name: 'tsc', args: ['typescript/bin/tsc', '--noEmit'] },
];

async function main(args) {
  const began = Date.now();
  const { suites, checks, mochaOptions } = select(args);
  const cold = [];
  const installMs = ensureInstalled(ROOT);
  if (installMs > 0) cold.push({ name: 'node_modules (npm ci)', ms: installMs });
  // An agent in the environment would be loaded into the test run itself.
  process.env.NODE_OPTIONS = '';

  const parts = [await part('build', build)];
  if (parts[0].failed === 0) {
    if (checks) parts.push(await part('checks', runChecks));
    for (const suite of suites) {
      cold.push(...installPeers(suite.lab));
      console.log(`\n── ${suite.name} ──`);
      parts.push(await part(suite.name, () => runSuite(ROOT, suite, mochaOptions)));
    }
  }
  for (const { cold: more } of parts) cold.push(...more);
  const shown = parts.filter(({ name, failed }) => name !== 'build' || failed > 0);
  console.log(`\n${summaryLines(shown, cold, Date.now() - began).join('\n')}`);
  return parts.some(({ failed }) => failed > 0) ? 1 : 0;
}

async function part(name, work) {
  const began = Date.now();
  const tally = await work();
  return { name, ...tally, ms: Date.now() - began };
}

function tally(failures, passed) {
  return { passed, failed: failures.length, skipped: 0, failures, skips: [], cold: [] };
}

async function build() {
  try {
    await require('./build').build();
    return tally([], 0);
  } catch (error) {
    return tally([{ title: 'scripts/build.js', message: error.message }], 0);
  }
}

function runChecks() {
  const failures = [];
  for (const { name, args } of CHECKS) {
    const script = path.join(ROOT, 'node_modules', args[0]);
    const { status } = spawnSync(process.execPath, [script, ...args.slice(1)], {
      cwd: ROOT,
      stdio: 'inherit',
    });
    if (status !== 0) failures.push({ title: name, message: `${name} ended with ${status}, see above` });
  }
  return tally(failures, CHECKS.length - failures.length);
}

/** Installs before the tests, whose time limits know nothing of downloads. What cannot be is skipped by the tests. */
function installPeers(names) {
  if (names.length === 0) return [];
  const tsx = path.join(ROOT, 'node_modules', 'tsx', 'dist', 'cli.mjs');
  const { stdout } = spawnSync(
    process.execPath,
    [tsx, path.join(ROOT, 'lab', 'main.ts'), 'install', ...names],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    },
  );
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ cold }) => cold)
    .map(({ cold, ms }) => ({ name: cold, ms }));
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error) => {
    console.error(`npm test: ${error.message}`);
    process.exit(1);
  },
);
