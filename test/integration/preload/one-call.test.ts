/** A process whose only work is one call: it waits for the answer, gets it from the mesh, and ends. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { NODE_VERSIONS, nodeVersion } from '../../../lab';
import { ensureBuilt, ROOT } from '../../support/app';
import { APPS, agentLines, OrdersMesh, type Run, run } from '../../support/front-door';
import { peer } from '../../support/peer';

const PRELOAD = join(ROOT, 'preload.js');

for (const line of Object.keys(NODE_VERSIONS)) {
  describe(`preload: one call on Node ${line}`, function () {
    this.timeout(60_000);
    let mesh: OrdersMesh;
    let node = '';

    before(async function () {
      await ensureBuilt();
      node = peer(this, await nodeVersion(Number(line)));
      mesh = await OrdersMesh.start();
    });
    after(() => mesh?.stop());

    const app = (name: string, url = OrdersMesh.url): Promise<Run> =>
      run(node, [join(APPS, name), url], { preload: PRELOAD, env: mesh.env });

    for (const name of ['preload-call.cjs', 'preload-call.mjs']) {
      it(`${name}: the very first call is answered by the mesh`, async () => {
        const { code, stdout, stderr } = await app(name);
        assert.deepEqual({ code, stdout }, { code: 0, stdout: '200 orders /\n' }, stderr);
      });

      it(`${name}: a host that nobody knows fails as without the mesh`, async () => {
        const { code, stdout } = await app(name, 'http://nobody.invalid/');
        assert.deepEqual({ code, stdout }, { code: 7, stdout: 'ENOTFOUND\n' });
      });
    }

    it('after all modules were forgotten', async () => {
      const { code, stdout, stderr } = await app('preload-forgetful.cjs');
      assert.deepEqual({ code, stdout }, { code: 0, stdout: '200 orders /\n' }, stderr);
      assert.deepEqual(
        agentLines(stderr).filter(({ event }) => event === 'agent.second-copy'),
        [],
      );
    });

    for (const [shape, sentence] of [
      ['unsaid', 'it does not say whether the head was sent'],
      ['unended', 'the rendered head has another form'],
      ['unwritten', 'waiting output has another form'],
    ] as const) {
      it(`whose request is none that is known (${shape}): the call goes its own way, and a line says so`, async () => {
        const args = ['--require', join(APPS, 'preload-shapes.cjs'), join(APPS, 'preload-call.cjs')];
        const options = { preload: PRELOAD, env: { ...mesh.env, SHAPE: shape } };
        const { code, stdout, stderr } = await run(node, [...args, OrdersMesh.url], options);
        assert.deepEqual({ code, stdout }, { code: 7, stdout: 'ENOTFOUND\n' }, stderr);
        const said = agentLines(stderr).filter(({ event }) => event === 'http.unknown-request');
        const start = 'a call went its own way, because its request is none that the http hook knows';
        assert.deepEqual(
          said.map(({ msg }) => msg),
          [`${start}: ${sentence}`],
        );
      });
    }

    it('in a worker thread', async () => {
      const { code, stdout, stderr } = await app('preload-worker.cjs');
      assert.deepEqual({ code, stdout }, { code: 0, stdout: '200 orders /\nworker ended 0\n' }, stderr);
    });

    it('in the children of a cluster, each with a link of its own', async () => {
      const { code, stdout, stderr } = await app('preload-cluster.cjs');
      const expected = `${'200 200 orders /\n'.repeat(4)}${'child ended 0\n'.repeat(2)}`;
      assert.deepEqual({ code, stdout }, { code: 0, stdout: expected }, stderr);
    });

    it('leaves the thread of module hooks alone', async () => {
      const { code, stdout } = await app('preload-loader.mjs');
      const bare = await run(node, [join(APPS, 'preload-loader.mjs')]);
      assert.deepEqual({ code, stdout }, { code: bare.code, stdout: bare.stdout });
    });

    it('names clients that are not managed, once', async () => {
      const { code, stdout, stderr } = await app('preload-unmanaged.cjs', mesh.backend);
      assert.deepEqual({ code, stdout }, { code: 0, stdout: 'done\n' }, stderr);
      const named = agentLines(stderr).filter(({ event }) => event === 'client.unmanaged');
      assert.deepEqual(named.map(({ client }) => client).sort(), ['fetch', 'http2']);
    });
  });
}
