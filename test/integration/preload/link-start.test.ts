/** What starts the agent's expensive part: the first outgoing call or the first listen, never the preload (decision 13). */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { cleanEnvironment, LabProcess } from '../../../lab';
import { ensureBuilt, ROOT } from '../../support/app';
import { APPS, agentLines, OrdersMesh, run } from '../../support/front-door';

const PRELOAD = join(ROOT, 'preload.js');
/** Has the agent been loaded, as seen two turns of the event loop after the script's own work? */
const REPORT = `const report = (done) => setImmediate(() => setImmediate(() => {
  console.log(Object.keys(require.cache).some((file) => file.endsWith('agent.js')));
  done?.();
}));`;

describe('preload: what starts the link', function () {
  this.timeout(60_000);
  let mesh: OrdersMesh;
  before(async () => {
    await ensureBuilt();
    mesh = await OrdersMesh.start();
  });
  after(() => mesh.stop());

  const scripts: [string, string, boolean][] = [
    ['nothing', 'report()', false],
    ['loading http', 'require("http"); require("https"); report()', false],
    ['a listen on a port', 'const s = net.createServer().listen(0, () => report(() => s.close()))', true],
    ['an HTTP server', 'const s = http.createServer().listen(0, () => report(() => s.close()))', true],
    [
      'a pipe',
      'const s = net.createServer().listen("\\0inmesh-" + process.pid, () => report(() => s.close()))',
      false,
    ],
    ['a call', 'http.get("http://127.0.0.1:1/").on("error", () => report())', true],
    [
      'a call to localhost by a socket of its own',
      'net.connect(1, "127.0.0.1").on("error", () => report())',
      false,
    ],
    [
      'a worker thread (which may ask for it)',
      'new (require("worker_threads").Worker)("0", { eval: true }).on("exit", () => report())',
      true,
    ],
  ];
  for (const [name, script, started] of scripts) {
    it(`${name}: ${started ? 'yes' : 'no'}`, async () => {
      const code = `const http = require('http'), net = require('net'); ${REPORT} ${script}`;
      const result = await run(process.execPath, ['-e', code], { preload: PRELOAD, env: mesh.env });
      assert.deepEqual([result.code, result.stdout], [0, `${started}\n`], result.stderr);
    });
  }

  it("a cluster's primary, which listens for its children: no", async () => {
    const app = join(APPS, 'preload-cluster-idle.cjs');
    const result = await run(process.execPath, [app], { preload: PRELOAD, env: mesh.env });
    assert.deepEqual([result.code, result.stdout], [0, 'false\n'], result.stderr);
  });

  it('a server that stays follows the control plane before its first call', async () => {
    const code = `const s = require('http').createServer().listen(0);
      process.stdin.resume().on('end', () => s.close());`;
    const env = cleanEnvironment({ ...mesh.env, NODE_OPTIONS: `--require ${PRELOAD}` });
    const server = new LabProcess('server', process.execPath, ['-e', code], { env });
    await server.untilReady(async () => agentLines(server.log).some(({ event }) => event === 'link.up'));
    await server.kill();
  });
});
