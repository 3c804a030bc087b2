import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly { title: string; message: string }[];
  readonly skips: readonly { title: string; reason: string }[];
}

interface Suite {
  readonly name: string;
  readonly specs: readonly string[];
  readonly quiet?: boolean;
}

const ROOT = join(__dirname, '..', '..', '..');
const { runSuite } = require('../../../scripts/lib/mocha') as {
  runSuite(root: string, suite: Suite, options: readonly string[]): Promise<Tally>;
};
const { select } = require('../../../scripts/lib/suites') as {
  select(args: readonly string[]): { suites: Suite[]; checks: boolean; mochaOptions: string[] };
};
const { summaryLines } = require('../../../scripts/lib/summary') as {
  summaryLines(parts: readonly unknown[], cold: readonly unknown[], ms: number): string[];
};

describe('npm test: the runner', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'inmesh-runner-'));
  });

  after(() => rmSync(folder, { recursive: true }));

  function run(name: string, code: string): Promise<Tally> {
    const spec = join(folder, `${name}.test.ts`);
    writeFileSync(spec, code);
    return runSuite(ROOT, { name, specs: [spec], quiet: true }, []);
  }

  it('counts what passed, failed and was skipped, with reasons', async () => {
    const tally = await run(
      'mixed',
      `describe('outer', () => {
        it('good', () => undefined);
        it('bad', () => { throw new Error('broken'); });
        describe('without its peer', () => {
          before(function () { Object.assign(this.test!.parent!, { skipReason: 'no Go' }); this.skip(); });
          it('never runs', () => undefined);
        });
      });`,
    );
    assert.deepEqual([tally.passed, tally.failed, tally.skipped], [1, 1, 1]);
    assert.deepEqual(tally.failures, [{ title: 'outer › bad', message: 'broken' }]);
    assert.deepEqual(tally.skips, [{ title: 'outer › without its peer › never runs', reason: 'no Go' }]);
  });

  it('a file that does not load is a failure', async () => {
    const tally = await run('unloadable', `import 'no-such-package';`);
    assert.equal(tally.failed, 1);
    assert.match(tally.failures[0]!.message, /ended early/);
  });

  it('a process that ends in the middle is a failure, and what had passed counts', async () => {
    const tally = await run('exits', `it('good', () => undefined); it('exits', () => process.exit(0));`);
    assert.deepEqual([tally.passed, tally.failed], [1, 1]);
  });

  it('takes suites, files and options of mocha from the command line', () => {
    const names = (args: string[]) => select(args).suites.map(({ name }) => name);
    assert.deepEqual(names([]), ['unit', 'integration', 'peers']);
    assert.deepEqual(names(['unit', 'peers']), ['unit', 'peers']);
    assert.deepEqual(names(['drills']), ['drills']);
    assert.deepEqual(names(['check']), []);
    assert.deepEqual(select(['test/a.test.ts']).suites[0]!.specs, ['test/a.test.ts']);
    assert.deepEqual(select(['--grep', 'retry']).mochaOptions, ['--grep', 'retry']);
    assert.equal(select([]).checks, true);
    assert.equal(select(['unit']).checks, false);
    assert.throws(() => select(['nonsense']), /unknown suite "nonsense"/);
  });

  it('ends with one line for a machine', () => {
    const part = { name: 'unit', passed: 3, failed: 0, skipped: 0, failures: [], skips: [], ms: 89_990 };
    assert.equal(summaryLines([part, part], [], 1000).at(-1), '6 passed, 0 failed');
    const skipped = { ...part, skipped: 1, skips: [{ title: 'a', reason: 'no Go' }] };
    const lines = summaryLines([part, skipped], [{ name: 'istiod', ms: 227_751 }], 539_900);
    assert.equal(lines.at(-1), '6 passed, 0 failed, 1 skipped');
    assert.ok(lines.some((line) => line.includes('istiod 3 min 48 s')));
    assert.ok(lines.some((line) => line.includes('no Go')));
    assert.ok(lines.some((line) => line.includes('9 min 0 s')));
  });
});
