/** With the preload on, programs that make no call behave as without it: output, exit code, signal, end. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ROOT } from '../../support/app';
import { APPS, installElsewhere, type Run, type RunOptions, run } from '../../support/front-door';

interface Program extends Pick<RunOptions, 'input' | 'kill'> {
  readonly name: string;
  readonly command?: string;
  readonly args: (folder: string) => readonly string[];
  /** Standard error is the same too; false where tools write times or paths of their own. */
  readonly sameErrors?: boolean;
}

const script = (code: string) => () => ['-e', code];

const PROGRAMS: readonly Program[] = [
  { name: 'node -e 0', args: script('0') },
  { name: 'a script that prints and ends', args: script('console.log("a"); console.error("b")') },
  { name: 'process.exitCode', args: script('process.exitCode = 3') },
  { name: 'process.exit in a timer', args: script('setTimeout(() => process.exit(4), 20)') },
  { name: 'an uncaught error', args: script('throw new TypeError("mine")'), sameErrors: false },
  { name: 'an unhandled rejection', args: script('Promise.reject(new Error("mine"))'), sameErrors: false },
  {
    name: 'a default signal',
    args: script('console.log("ready"); setInterval(() => 0, 1e6)'),
    kill: 'SIGTERM',
  },
  {
    name: 'a signal with a handler',
    args: script(
      'process.on("SIGTERM", () => process.exit(5)); console.log("ready"); setInterval(() => 0, 1e6)',
    ),
    kill: 'SIGTERM',
  },
  { name: 'a script from standard input', args: () => ['-'], input: 'console.log(1 + 1)' },
  {
    name: 'standard input piped through',
    args: script('process.stdin.pipe(process.stdout)'),
    input: 'abc\n',
  },
  {
    name: 'a module on standard input',
    args: () => ['--input-type=module', '-'],
    input: 'console.log(await 7)',
  },
  {
    name: 'beforeExit and exit',
    args: script(
      'process.on("exit", (c) => console.log("x", c)); process.once("beforeExit", () => console.log("b"))',
    ),
  },
  {
    name: 'a worker thread',
    args: script('new (require("worker_threads").Worker)("console.log(6)", { eval: true })'),
  },
  {
    name: 'a server that is closed again',
    args: script('const s = require("http").createServer().listen(0, () => s.close())'),
    sameErrors: false,
  },
  {
    name: 'a child by fork',
    args: () => [
      '-e',
      `require("child_process").fork(${JSON.stringify(join(APPS, 'preload-call.mjs'))}, ["http://127.0.0.1:1/"])`,
    ],
  },
  { name: 'tsc', args: () => [join(ROOT, 'node_modules/typescript/bin/tsc'), '--version'] },
  { name: 'node --check', args: (folder) => ['--check', join(folder, 'greeter/greet.js')] },
  {
    name: 'node --test',
    args: (folder) => ['--test', '--test-reporter=dot', join(folder, 'sum.test.js')],
    sameErrors: false,
  },
  {
    name: 'a start-up snapshot is built',
    args: (folder) => [
      '--snapshot-blob',
      join(folder, 'snapshot.blob'),
      '--build-snapshot',
      join(folder, 'greeter/greet.js'),
    ],
  },
  { name: 'npm --version', command: 'npm', args: () => ['--version'] },
  {
    name: 'npm install',
    command: 'npm',
    args: () => ['install', '--offline', '--no-audit', '--no-fund'],
    sameErrors: false,
  },
  { name: 'npx', command: 'npx', args: () => ['--offline', 'greet'], sameErrors: false },
  { name: 'npm run', command: 'npm', args: () => ['run', '--silent', 'hello'] },
];

describe('preload: programs are unchanged', function () {
  this.timeout(60_000);
  const elsewhere: { preload: string; remove(): void }[] = [];
  const folders: string[] = [];

  before(async () => {
    await ensureBuilt();
    elsewhere.push(installElsewhere());
  });
  after(() => {
    for (const each of elsewhere) each.remove();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  /** An unrelated folder with a small package that npm can install without a network. */
  function unrelatedFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'inmesh-unrelated-'));
    folders.push(folder);
    mkdirSync(join(folder, 'greeter'));
    writeFileSync(
      join(folder, 'greeter/package.json'),
      '{"name":"greeter","version":"1.0.0","bin":{"greet":"greet.js"}}',
    );
    writeFileSync(join(folder, 'greeter/greet.js'), '#!/usr/bin/env node\nconsole.log("hello");', {
      mode: 0o755,
    });
    writeFileSync(
      join(folder, 'sum.test.js'),
      "const { test } = require('node:test'); test('good', () => 0); test('bad', () => { throw new Error('mine') })",
    );
    mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
    writeFileSync(join(folder, 'node_modules/.bin/greet'), '#!/usr/bin/env node\nconsole.log("hello");', {
      mode: 0o755,
    });
    writeFileSync(
      join(folder, 'package.json'),
      '{"name":"app","version":"1.0.0","scripts":{"hello":"node -p 40+2"},"dependencies":{"greeter":"file:./greeter"}}',
    );
    return folder;
  }

  async function outcome(
    { command = process.execPath, args, input, kill, sameErrors = true }: Program,
    preload?: string,
  ) {
    const cwd = unrelatedFolder();
    const env = { INMESH_XDS: 'grpc://127.0.0.1:1', HOME: cwd };
    const result: Run = await run(command, args(cwd), { preload, cwd, input, kill, env });
    const plain = (text: string) => text.replaceAll(cwd, '<folder>').replace(/\d+(\.\d+)?m?s\b/g, '<time>');
    return { ...result, stdout: plain(result.stdout), stderr: sameErrors ? plain(result.stderr) : '' };
  }

  for (const program of PROGRAMS) {
    it(program.name, async () => {
      const bare = await outcome(program);
      assert.notEqual(bare.signal, 'SIGKILL', 'the bare program does not end');
      assert.deepEqual(await outcome(program, join(ROOT, 'preload.js')), bare);
      assert.deepEqual(await outcome(program, elsewhere[0]!.preload), bare, 'from a path with a space');
    });
  }
});
