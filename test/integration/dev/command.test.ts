/** `inmesh` as a program: what it prints, where, and how it ends. */

import { strict as assert } from 'node:assert';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TYPE_URL } from '../../../src/xds';
import { REVIEWS } from '../../support/dev-cases/base';
import { sidecarNode, XdsClient } from '../../support/xds-client';

const ROOT = join(__dirname, '..', '..', '..');

class Run {
  out = '';
  err = '';
  readonly child: ChildProcess;

  constructor(args: readonly string[]) {
    const main = join(ROOT, 'src', 'cli', 'main.ts');
    this.child = spawn(process.execPath, ['--require', 'tsx/cjs', main, ...args], { cwd: ROOT });
    this.child.stdout!.on('data', (text) => {
      this.out += text;
    });
    this.child.stderr!.on('data', (text) => {
      this.err += text;
    });
  }

  async until(text: () => string, pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(text());
      if (found) return found;
      assert.equal(this.child.exitCode, null, `ended: ${this.out}${this.err}`);
      await Promise.race([
        once(this.child.stdout!, 'data'),
        once(this.child.stderr!, 'data'),
        once(this.child, 'exit'),
      ]);
    }
  }

  async code(): Promise<number | null> {
    if (this.child.exitCode === null) await once(this.child, 'close');
    return this.child.exitCode;
  }
}

describe('the inmesh command', function () {
  this.timeout(20_000);
  let folder: string;
  const runs: Run[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inmesh command '));
    await writeFile(join(folder, 'mesh.yaml'), REVIEWS);
  });

  afterEach(async () => {
    for (const run of runs.splice(0)) run.child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  function start(...args: string[]): Run {
    const run = new Run(args);
    runs.push(run);
    return run;
  }

  it('dev --json: first the address on standard output, then one line per change on standard error', async () => {
    const run = start('dev', folder, '--port', '0', '--json');
    const ready = JSON.parse((await run.until(() => run.out, /^.*\n/))[0]);
    assert.match(ready.address, /^127\.0\.0\.1:\d+$/);
    assert.equal(ready.xds, `grpc://${ready.address}`);
    const client = new XdsClient(ready.address, sidecarNode());
    try {
      client.subscribe(TYPE_URL.cluster);
      await client.until(() => client.resources(TYPE_URL.cluster).size > 0, 'clusters');
      await writeFile(join(folder, 'mesh.yaml'), REVIEWS.replace('hosts:', 'hots:'));
      await run.until(() => run.err, /dev\.rejected.*last good state/);
      await writeFile(join(folder, 'mesh.yaml'), REVIEWS.replace('HTTP,', 'HTTP2,'));
      await run.until(() => run.err, /"msg":"change applied: 1 object, 1 resource sent to 1 client /);
    } finally {
      client.close();
    }
    const problem = run.err.split('\n').find((line) => line.includes('dev.problem'));
    assert.match(
      JSON.parse(problem!).msg,
      /^mesh\.yaml:5:3: error: ServiceEntry shop\/reviews: .*`hots`; did you mean `hosts`\?/,
    );
    assert.equal(run.out.split('\n').length, 2, 'nothing else on standard output');
    run.child.kill('SIGTERM');
    assert.equal(await run.code(), 0);
  });

  it('dev for a person: the setting to copy, and mistakes as file:line:column', async () => {
    await writeFile(join(folder, 'bad.yaml'), 'kind: VirtualServis');
    const run = start('dev', folder, '--port', '0');
    await run.until(() => run.out, /serving .* on 127\.0\.0\.1:\d+ \(INMESH_XDS=grpc:\/\/127\.0\.0\.1:\d+\)/);
    assert.match(
      run.err,
      /bad\.yaml:1:7: error: the kind `VirtualServis` is not known; did you mean VirtualService\?/,
    );
    assert.match(run.err, /nothing is served until they are corrected/);
    run.child.kill('SIGINT');
    assert.equal(await run.code(), 0);
  });

  it('ends with one sentence on a missing folder, a taken port, a wrong port, an unknown command', async () => {
    const owner = start('dev', folder, '--port', '0', '--json');
    const { address } = JSON.parse((await owner.until(() => owner.out, /^.*\n/))[0]);
    const port = address.split(':')[1];
    const cases: readonly (readonly [string[], number, RegExp])[] = [
      [
        ['dev', join(folder, 'nowhere')],
        2,
        /^inmesh: cannot read the folder .*nowhere: there is no such folder\n$/,
      ],
      [['dev', join(folder, 'mesh.yaml')], 2, /^inmesh: .*mesh\.yaml is not a folder\n$/],
      [['dev', folder, '--port', port], 1, /inmesh: cannot listen on 127\.0\.0\.1:\d+: /],
      [['dev', folder, '--port', 'x'], 2, /^inmesh: "x" is no port; use 0 to 65535\n$/],
      [['dev', folder, '--host', '192.0.2.1', '--port', '0'], 1, /192\.0\.2\.1:0: listen EADDRNOTAVAIL/],
      [['dev-nacos', '--host', '192.0.2.1', '--port', '0'], 1, /^inmesh: listen EADDRNOTAVAIL/],
      [['devv'], 2, /^inmesh: unknown command 'devv'[\s\S]*Did you mean dev\?/],
      [['dev', folder, 'more'], 2, /^inmesh: too many arguments/],
      [['bridge', 'prob'], 2, /^inmesh: too many arguments/],
      [['env', '--xdss'], 2, /^inmesh: unknown option '--xdss'/],
    ];
    for (const [args, code, expected] of cases) {
      const run = start(...args);
      assert.equal(await run.code(), code, run.err);
      assert.match(run.err, expected);
      assert.doesNotMatch(run.err, /\n\s+at /, 'no stack');
    }
  }).timeout(120_000);

  it('--version prints the version', async () => {
    const run = start('--version');
    assert.equal(await run.code(), 0);
    assert.match(run.out, /^\d+\.\d+\.\d+\n$/);
  });
});
