'use strict';

const fs = require('node:fs');
const { reporters } = require('mocha');

/**
 * Mocha reporter of `npm test`: a line for each file's outermost `describe`, failures in full, and every result
 * as a JSON line in the file named by the option `results`.
 */
class Reporter extends reporters.Base {
  constructor(runner, options) {
    super(runner, options);
    const results = options.reporterOptions.results;
    const write = (line) => fs.appendFileSync(results, `${JSON.stringify(line)}\n`);
    let group = { title: '', passed: 0, failed: 0, skipped: 0, began: Date.now() };

    const count = (outcome) => (test, error) => {
      group[outcome]++;
      write({
        outcome,
        title: titleOf(test),
        file: test.file,
        ms: test.duration ?? 0,
        ...details(outcome, test, error),
      });
      if (outcome === 'failed') {
        console.log(`  ✗ ${titleOf(test)}`);
        console.log(indent(error?.stack ?? String(error)));
      }
    };
    runner.on('pass', count('passed'));
    runner.on('fail', count('failed'));
    runner.on('pending', count('skipped'));
    runner.on('suite', (suite) => {
      if (suite.parent?.root)
        group = { title: suite.title, passed: 0, failed: 0, skipped: 0, began: Date.now() };
    });
    runner.on('suite end', (suite) => {
      if (suite.parent?.root) console.log(lineOf(group));
    });
    runner.once('end', () => write({ end: true, cold: coldInstalls() }));
  }
}

function titleOf(test) {
  return test.titlePath().join(' › ');
}

function details(outcome, test, error) {
  if (outcome === 'failed') return { message: error?.message ?? String(error) };
  if (outcome === 'skipped') return { reason: reasonOf(test) };
  return {};
}

/** Tests say why they cannot run by `skipReason` on the test or on a suite around it. */
function reasonOf(test) {
  for (let at = test; at; at = at.parent) if (at.skipReason) return at.skipReason;
  return 'no reason given';
}

function lineOf({ title, passed, failed, skipped, began }) {
  const parts = [`${passed} passed`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (skipped > 0) parts.push(`${skipped} skipped`);
  return `  ${failed > 0 ? '✗' : '✓'} ${title}: ${parts.join(', ')} (${((Date.now() - began) / 1000).toFixed(1)} s)`;
}

/** What the lab had to install while the tests ran, if a test has used it. */
function coldInstalls() {
  const file = Object.keys(require.cache).find((name) => /[\\/]lab[\\/]cache\.ts$/.test(name));
  return file ? require.cache[file].exports.coldInstalls : [];
}

function indent(text) {
  return text.replace(/^/gm, '      ');
}

module.exports = Reporter;
