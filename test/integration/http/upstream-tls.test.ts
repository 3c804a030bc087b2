/** TLS that begins here, on every Node: what the backend sees of it, what the application hears when it fails. */

import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from '../../support/certificates';
import { type Backend, startBackend } from '../../support/http-backend';
import { NODE_VERSIONS, nodeBinary, runApp } from '../../support/http-child';
import type { TestService } from '../../support/http-mesh';
import { peer } from '../../support/peer';

const RULE = { subjectAltNames: [], autoSni: true, autoSanValidation: true, insecureSkipVerify: false };

for (const version of NODE_VERSIONS) {
  describe(`TLS to upstreams on Node ${version}`, function () {
    this.timeout(60_000);
    const node = nodeBinary(version);
    const folder = mkdtempSync(join(tmpdir(), 'inmesh-tls-'));
    const [caFile, certFile, keyFile] = ['ca', 'cert', 'key'].map((name) => join(folder, `${name}.pem`));
    let backend: Backend;

    before(async function () {
      peer(this, node ?? { skipped: `Node ${version} is not in the lab's cache` });
      const authority = new Authority();
      const client = authority.issue('client');
      writeFileSync(caFile!, authority.root);
      writeFileSync(certFile!, client.cert);
      writeFileSync(keyFile!, client.key);
      const tls = { ...authority.issue('server', { dns: ['svc.test'] }), ca: authority.root };
      backend = await startBackend({ tls: { ...tls, requestCert: true, rejectUnauthorized: true } });
    });
    after(async () => {
      rmSync(folder, { recursive: true, force: true });
      await backend?.close();
    });

    async function call(service: Partial<TestService>) {
      const services = [{ host: 'svc.test', port: 80, endpoints: [backend.port], ...service }];
      const specs = ['/echo', '/echo'].map((path) => ({ url: `http://svc.test${path}` }));
      const env = { CALLS: JSON.stringify([...specs, { ...specs[0], method: 'POST', body: 'text' }]) };
      const result = await runApp('http-calls.js', { node, mesh: { services }, env });
      assert.doesNotMatch(result.stderr, /HOOK-ERROR/);
      assert.equal(result.code, 0, result.stderr);
      return { outcomes: result.lines as { status?: number; body?: string; lost: number }[], ...result };
    }

    it('MUTUAL: answers, on one connection', async () => {
      const before = backend.connections;
      const { outcomes } = await call({ upstreamTls: { ...RULE, caFile, certFile, keyFile } });
      assert.deepEqual(
        outcomes.map(({ status, lost }) => [status, lost]),
        [0, 1, 2].map(() => [200, 0]),
      );
      assert.equal(backend.connections - before, 1);
    });

    it('a certificate of somebody else: 503, nothing is sent, the operator hears why', async () => {
      backend.seen.length = 0;
      const { outcomes, stderr } = await call({
        upstreamTls: { ...RULE, subjectAltNames: ['other.test'], caFile, certFile, keyFile },
        retryOn: ['connect-failure'],
      });
      const text = 'retried and the latest reset reason: remote connection failure';
      for (const { status, body } of outcomes) {
        assert.equal(status, 503);
        assert.ok(body!.endsWith(text), body);
      }
      assert.equal(backend.seen.length, 0);
      assert.match(
        stderr,
        /warn tls\.failed TLS to 127\.0\.0\.1:\d+ of outbound\|80\|\|svc\.test failed: .*other\.test/,
      );
    });

    it('a file that is missing: 503, and a line with its name', async () => {
      const { outcomes, stderr } = await call({ upstreamTls: { ...RULE, caFile: join(folder, 'none.pem') } });
      for (const { status, body } of outcomes) {
        assert.equal(status, 503);
        assert.match(body!, /reset reason: remote connection failure$/);
      }
      assert.match(
        stderr,
        /tls\.unavailable calls to outbound\|80\|\|svc\.test are refused: .*none\.pem cannot be read/,
      );
    });
  });
}
