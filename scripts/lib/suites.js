'use strict';

/**
 * What `npm test` runs, in this order. `lab` names what is installed before the suite, so that no test's time
 * counts an installation. The drills are the long form of tests that the peers suite runs in their short form.
 */
const REGISTRIES = ['nacos', 'nacos-2x', 'zookeeper', 'dubbo', 'eureka', 'consul'];

const SUITES = [
  { name: 'unit', specs: ['test/architecture.test.ts', 'test/unit/**/*.test.ts'], lab: [] },
  { name: 'integration', specs: ['test/integration/**/*.test.ts'], lab: ['node'] },
  {
    name: 'peers',
    specs: ['test/peers/**/*.test.ts', 'test/conformance/**/*.test.ts'],
    lab: ['node', 'istiod', 'envoy', ...REGISTRIES],
  },
];

const DRILLS = {
  name: 'drills',
  specs: ['test/peers/**/*.drill.test.ts'],
  lab: ['istiod', ...REGISTRIES],
  env: { INMESH_DRILLS: 'full' },
};

/**
 * Reads the command line: names of suites, test files, and mocha's own options.
 * Without names all suites and the checks run.
 */
function select(args) {
  const known = new Map([...SUITES, DRILLS].map((suite) => [suite.name, suite]));
  const chosen = [];
  const files = [];
  const mochaOptions = [];
  let checks = args.every((arg) => arg.startsWith('-'));
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (known.has(arg)) chosen.push(known.get(arg));
    else if (arg === 'check') checks = true;
    else if (/\.test\.ts$/.test(arg)) files.push(arg);
    else if (/^-(g|f|-grep|-fgrep|-timeout|-retries)$/.test(arg)) {
      mochaOptions.push(arg, args[++i] ?? '');
      checks = false;
    } else if (arg.startsWith('-')) mochaOptions.push(arg);
    else
      throw new Error(
        `unknown suite "${arg}": there are check, ${[...known.keys()].join(', ')}, or name a .test.ts file`,
      );
  }
  if (files.length > 0) chosen.push({ name: 'files', specs: files, lab: [] });
  const namesGiven = chosen.length > 0 || args.includes('check');
  return { suites: namesGiven ? chosen : SUITES, checks, mochaOptions };
}

module.exports = { select };
