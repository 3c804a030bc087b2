/** The packed tarball, installed into another folder, is all that is needed. */

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ROOT } from '../../support/app';
import { APPS, OrdersMesh, run } from '../../support/front-door';

describe('preload: the packed tarball', function () {
  this.timeout(120_000);
  let folder = '';
  let mesh: OrdersMesh;

  before(async () => {
    await ensureBuilt();
    mesh = await OrdersMesh.start();
    folder = mkdtempSync(join(tmpdir(), 'inmesh packed '));
    const packed = await run('npm', ['pack', '--pack-destination', folder], { cwd: ROOT });
    assert.equal(packed.code, 0, packed.stderr);
    const [tarball] = readdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{"name":"app","private":true}');
    const install = ['install', '--offline', '--no-audit', '--no-fund', `./${tarball}`];
    const installed = await run('npm', install, { cwd: folder });
    assert.equal(installed.code, 0, installed.stderr);
  });
  after(async () => {
    await mesh?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('installs nothing but itself', () => {
    const names = readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'));
    assert.deepEqual(names, ['inmesh']);
  });

  for (const preload of ['inmesh/preload', 'node_modules/inmesh/preload.js']) {
    it(`routes calls by --require ${preload}`, async () => {
      const absolute = preload.endsWith('.js') ? join(folder, preload) : preload;
      const args = [join(APPS, 'preload-call.cjs'), OrdersMesh.url];
      const { code, stdout, stderr } = await run(process.execPath, args, {
        cwd: folder,
        preload: absolute,
        env: mesh.env,
      });
      assert.deepEqual({ code, stdout }, { code: 0, stdout: '200 orders /\n' }, stderr);
    });
  }

  it('has the command', async () => {
    const { version } = require(join(ROOT, 'package.json')) as { version: string };
    const { stdout, stderr } = await run(join(folder, 'node_modules/.bin/inmesh'), ['--version']);
    assert.equal(stdout, `${version}\n`, stderr);
  });
});
