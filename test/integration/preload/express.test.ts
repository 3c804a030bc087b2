/** Calls are reported with the template of the inbound Express route that made them. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { nodeVersion, npmSet } from '../../../lab';
import { ensureBuilt, ROOT } from '../../support/app';
import { APPS, agentLines, OrdersMesh, run } from '../../support/front-door';
import { peer } from '../../support/peer';

const PRELOAD = join(ROOT, 'preload.js');
const ROUTES = [
  '/orders/:id',
  '/plain/:item',
  '/tenants/:tenant/items',
  '/tenants/:tenant/items/:item',
  'none',
];

describe('preload: Express route templates', function () {
  this.timeout(120_000);
  let mesh: OrdersMesh;
  let express4: string | undefined;

  before(async () => {
    await ensureBuilt();
    mesh = await OrdersMesh.start();
    const installed = await npmSet('preload-express4', join(APPS, 'preload-express4'));
    if (typeof installed === 'string') express4 = installed;
  });
  after(() => mesh.stop());

  async function routesOf(node: string, args: string[], env: Record<string, string> = {}) {
    const { code, stdout, stderr } = await run(node, args, {
      preload: PRELOAD,
      env: { ...mesh.env, ...env },
    });
    assert.equal(code, 0, stderr);
    return { routes: JSON.parse(stdout), lines: agentLines(stderr) };
  }

  for (const line of [18, 20, 22, 24, 26]) {
    it(`Express 4 and 5, required, on Node ${line}`, async function () {
      const node = peer(this, await nodeVersion(line));
      if (express4 === undefined) return peer(this, { skipped: 'Express 4 could not be installed' });
      const app = join(APPS, 'preload-express.cjs');
      for (const folder of [join(express4, '..'), ROOT]) {
        // With a prefix of its own, so that no other Express is found first.
        assert.deepEqual((await routesOf(node, [app, OrdersMesh.url, folder])).routes, ROUTES, folder);
      }
    });

    it(`Express 5, imported by an ES module, on Node ${line}`, async function () {
      const node = peer(this, await nodeVersion(line));
      assert.deepEqual(
        (await routesOf(node, [join(APPS, 'preload-express.mjs'), OrdersMesh.url])).routes,
        ROUTES,
      );
    });
  }

  it('are missing when the hook is off, and nothing else is', async () => {
    const app = [join(APPS, 'preload-express.cjs'), OrdersMesh.url, ROOT];
    const { routes } = await routesOf(process.execPath, app, { INMESH_HOOKS_OFF: 'express' });
    assert.deepEqual(routes, Array(5).fill('none'));
  });

  it('need no async context where that costs: none is made without a listener on Node 20', async function () {
    const node = peer(this, await nodeVersion(20));
    // Async hooks are on in a process as soon as one AsyncLocalStorage is used.
    const probe = `process.on('exit', () => console.error('hooks', process.binding('async_wrap').async_hook_fields[0]));`;
    const env = { ...mesh.env, LISTEN: 'no' };
    const result = spawnSync(
      node,
      ['-e', `${probe} require(process.argv[1])`, join(APPS, 'preload-express.cjs'), OrdersMesh.url, ROOT],
      { encoding: 'utf8', env: { ...process.env, ...env, NODE_OPTIONS: `--require ${PRELOAD}` } },
    );
    assert.equal(result.status, 0, result.stderr);
    assert.match(result.stderr, /hooks 0/);
  });

  it('are named as missing when Express was loaded before the agent', async () => {
    const first = ['--require', join(ROOT, 'node_modules/express/index.js'), '--require', PRELOAD];
    const app = [...first, join(APPS, 'preload-express.cjs'), OrdersMesh.url, ROOT];
    const { code, stderr } = await run(process.execPath, app, { env: mesh.env });
    assert.equal(code, 0, stderr);
    const late = agentLines(stderr).filter(({ event }) => event === 'hook.too-late');
    assert.equal(late.length, 1);
    assert.match(String(late[0]!['msg']), /^express was loaded before the agent/);
  });
});
