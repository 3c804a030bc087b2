/** TLS that begins here, on every Node: what the backend sees of it, what the application hears when it fails. */

import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from '../../support/certificates';
import { type Backend, startBackend } from '../../support/http-backend';
import type { TestService } from '../../support/http-mesh';
import { onEveryNode } from '../../support/http-scene';

const RULE = { subjectAltNames: [], autoSni: true, autoSanValidation: true, insecureSkipVerify: false };

const folder = mkdtempSync(join(tmpdir(), 'inmesh-tls-'));
const [caFile, certFile, keyFile] = ['ca', 'cert', 'key'].map((name) => join(folder, `${name}.pem`));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Wants a certificate of the client's, and writes the files for it. */
function startSecureBackend(): Promise<Backend> {
  const authority = new Authority();
  const client = authority.issue('client');
  writeFileSync(caFile!, authority.root);
  writeFileSync(certFile!, client.cert);
  writeFileSync(keyFile!, client.key);
  const tls = { ...authority.issue('server', { dns: ['svc.test'] }), ca: authority.root };
  return startBackend({ tls: { ...tls, requestCert: true, rejectUnauthorized: true } });
}

onEveryNode(
  'TLS to upstreams',
  (scene) => {
    function call(service: Partial<TestService>) {
      const specs = ['/echo', '/echo'].map((path) => ({ url: `http://svc.test${path}` }));
      return scene.runCalls(service, [...specs, { ...specs[0], method: 'POST', body: 'text' }]);
    }

    it('MUTUAL: answers, on one connection', async () => {
      const before = scene.backend.connections;
      const { outcomes } = await call({ upstreamTls: { ...RULE, caFile, certFile, keyFile } });
      assert.deepEqual(
        outcomes.map(({ status, lost }) => [status, lost]),
        [0, 1, 2].map(() => [200, 0]),
      );
      assert.equal(scene.backend.connections - before, 1);
    });

    it('a certificate of somebody else: 503, nothing is sent, the operator hears why', async () => {
      const { outcomes, stderr } = await call({
        upstreamTls: { ...RULE, subjectAltNames: ['other.test'], caFile, certFile, keyFile },
        retryOn: ['connect-failure'],
      });
      const text = 'retried and the latest reset reason: remote connection failure';
      for (const { status, body } of outcomes) {
        assert.equal(status, 503);
        assert.ok(body!.endsWith(text), body);
      }
      assert.equal(scene.backend.seen.length, 0);
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
  },
  startSecureBackend,
);
