/** Applications that do unusual things see the same with the preload as without it, on calls that are ours and not. */

import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { nodeVersion } from '../../../lab';
import { ensureBuilt, ROOT } from '../../support/app';
import { agentLines, OrdersMesh, run } from '../../support/front-door';
import { peer } from '../../support/peer';

const APPS = join(ROOT, 'fixtures', 'harm', 'apps.js');
const PRELOAD = join(ROOT, 'preload.js');
const { names } = require(APPS) as { names: readonly string[] };
/** Ways to start Node that take something away from every script in the process. */
const FLAGS: readonly (readonly string[])[] = [
  ['--frozen-intrinsics'],
  ['--disable-proto=throw'],
  ['--throw-deprecation', '--pending-deprecation'],
  ['--disallow-code-generation-from-strings'],
  ['--unhandled-rejections=strict', '--stack-trace-limit=0'],
];
/** The oldest, the usual and the newest line. */
const LINES = [18, 22, 26];

const answer: RequestListener = (request, response) => {
  switch (request.url) {
    case '/slow':
      return;
    case '/big':
      response.setHeader('x-big', 'b'.repeat(20_000)).end();
      return;
    case '/odd':
      request.socket.end(
        'HTTP/1.1 200 OK\r\nx-odd: a\u0001b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
      );
      return;
    case '/cookie':
      response.end(request.headers.cookie ?? '');
      return;
    default:
      response.setHeader('x-twice', ['1', '2']).end('an answer');
  }
};

for (const line of LINES) {
  describe(`preload: does no harm on Node ${line}`, function () {
    this.timeout(60_000);
    let node = '';
    let mesh: OrdersMesh;

    before(async function () {
      await ensureBuilt();
      node = peer(this, await nodeVersion(line));
      mesh = await OrdersMesh.start(answer);
    });
    after(() => mesh?.stop());

    async function outcome(name: string, url: string, preload?: string, flags = ['--no-deprecation']) {
      const env = { ...mesh.env, BACKEND: mesh.backend };
      const { stderr, ...rest } = await run(node, [...flags, APPS, name, url], { preload, env });
      const own = agentLines(stderr);
      const failures = own.filter(({ event }) =>
        /hook\.error|hook\.off|agent\.failed|mesh\.failed/.test(String(event)),
      );
      assert.deepEqual(failures, []);
      return { ...rest, stderr: own.length === 0 ? stderr : '' };
    }

    for (const name of names) {
      it(name, async () => {
        const bare = await outcome(name, mesh.backend);
        assert.equal(bare.signal, null, bare.stderr);
        assert.deepEqual(
          { ...(await outcome(name, mesh.backend, PRELOAD)), stderr: bare.stderr },
          bare,
          'a host that is not ours',
        );
        assert.deepEqual(
          { ...(await outcome(name, OrdersMesh.url, PRELOAD)), stderr: bare.stderr },
          bare,
          'a host of the mesh',
        );
      });
    }

    for (const flags of FLAGS) {
      it(`node ${flags.join(' ')}`, async () => {
        const bare = await outcome('a call', mesh.backend, undefined, [...flags]);
        assert.equal(bare.code, 0, bare.stderr);
        const ours = await outcome('a call', OrdersMesh.url, PRELOAD, [...flags]);
        assert.deepEqual({ ...ours, stderr: bare.stderr }, bare);
      });
    }
  });
}
