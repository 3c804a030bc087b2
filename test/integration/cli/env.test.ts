/** `inmesh env`: its lines start any application with the agent, wherever the package is and whatever its path holds. */

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ROOT } from '../../support/app';
import { APPS, OrdersMesh, run } from '../../support/front-door';

describe('inmesh env', function () {
  this.timeout(30_000);
  let folder: string;
  let cli: string;
  let mesh: OrdersMesh;

  before(async () => {
    await ensureBuilt();
    folder = mkdtempSync(join(tmpdir(), `inmesh it's a "path" `));
    mkdirSync(join(folder, 'agent'));
    cpSync(join(ROOT, 'dist'), join(folder, 'agent', 'dist'), { recursive: true });
    cpSync(join(ROOT, 'preload.js'), join(folder, 'agent', 'preload.js'));
    cli = join(folder, 'agent', 'dist', 'cli.js');
    mesh = await OrdersMesh.start();
  });
  after(async () => {
    await mesh.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('prints lines that a shell can evaluate, quoted for the shell and for NODE_OPTIONS', async () => {
    const script = 'eval "$("$1" "$2" env --xds "$3")" && exec "$1" "$4" http://orders/';
    const xds = mesh.env['INMESH_XDS']!;
    const app = join(APPS, 'preload-call.cjs');
    const args = ['-c', script, 'sh', process.execPath, cli, xds, app];
    // A busy machine must not make the call pass through.
    const { code, stdout, stderr } = await run('sh', args, { env: { INMESH_FIRST_USE_TIMEOUT: '20s' } });
    assert.deepEqual({ code, stdout }, { code: 0, stdout: '200 orders /\n' }, stderr);
  });

  it('--json prints one object', async () => {
    const { stdout } = await run(process.execPath, [cli, 'env', '--json']);
    const { NODE_OPTIONS, INMESH_XDS } = JSON.parse(stdout);
    assert.match(NODE_OPTIONS, /^--require "\/.*preload\.js"$/);
    assert.equal(INMESH_XDS, 'grpcs://istiod.istio-system.svc:15012');
  });

  it('refuses what is no control plane, in one line', async () => {
    const { code, stderr } = await run(process.execPath, [cli, 'env', '--xds', 'istiod:15010']);
    assert.equal(code, 2);
    assert.match(stderr, /^inmesh: "istiod:15010" is no control plane; .*\n$/);
  });
});
