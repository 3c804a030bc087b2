import { strict as assert } from 'node:assert';
import { NODE_VERSIONS, nodeVersion } from '../../../lab';
import { type Backend, startBackend } from '../../support/http-backend';
import { runApp } from '../../support/http-child';
import { peer } from '../../support/peer';

/** What may differ from bare Node, and why. */
const TOLERATED: Readonly<Record<string, string>> = {
  'app says connection close':
    'the header is hop-by-hop: the upstream connection is kept, so the two closes swap',
};

interface Result {
  readonly name: string;
  readonly log: readonly unknown[];
}

describe('events, order, codes and async context are bare Node’s', function () {
  this.timeout(120_000);
  let backend: Backend;

  before(async () => {
    backend = await startBackend();
  });
  after(() => backend.close());

  for (const version of Object.keys(NODE_VERSIONS)) {
    for (const [kind, retryOn] of [
      ['without retries', undefined],
      ['with retries armed', ['connect-failure', 'reset', '5xx']],
    ] as const) {
      it(`Node ${version} ${kind}`, async function () {
        const node = peer(this, await nodeVersion(version));
        const service = { host: 'svc.test', port: 80, endpoints: [backend.port], retryOn };
        const app = 'http-differential.js';
        const bare = await runApp(app, { node, env: { TARGET: `127.0.0.1:${backend.port}` } });
        const env = { TARGET: 'svc.test:80' };
        const meshed = await runApp(app, { node, env, mesh: { services: [service] } });
        assert.equal(bare.code, 0, bare.stderr);
        assert.equal(meshed.code, 0, meshed.stderr);
        assert.doesNotMatch(meshed.stderr, /HOOK-ERROR/);
        const expected = bare.lines as Result[];
        assert.ok(expected.length > 40);
        assert.deepEqual(
          (meshed.lines as Result[]).filter(({ name }) => !(name in TOLERATED)),
          expected.filter(({ name }) => !(name in TOLERATED)),
        );
      });
    }
  }
});
