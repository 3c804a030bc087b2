import { strict as assert } from 'node:assert';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSigned } from '../../support/certificate';
import type { ChildOptions } from '../../support/http-child';
import { onEveryNode } from '../../support/http-scene';

interface Outcome {
  readonly status?: number;
  readonly text: string;
  readonly error?: string;
  readonly wrapped?: number;
  readonly agent?: boolean;
  readonly ours?: boolean;
  readonly authorized?: boolean;
  readonly servername?: string;
}

onEveryNode('whose call it is', (scene) => {
  async function one(url: string, options: ChildOptions = {}): Promise<Outcome> {
    const services = [{ host: 'svc.test', port: 80, endpoints: [scene.backend.port] }];
    const result = await scene.run('http-one-call.js', {
      mesh: { services },
      ...options,
      env: { ...options.env, URL: url },
    });
    assert.equal(result.lines.length, 1, 'the process ended before its call did');
    return result.lines[0] as Outcome;
  }

  it('the first call of a process is routed, and a script of one call ends', async () => {
    const outcome = await one('http://svc.test/echo');
    assert.equal(outcome.status, 200);
    assert.equal(outcome.ours, true);
    assert.equal(outcome.agent, true);
  });

  it('host names in any spelling', async () => {
    for (const url of [
      'http://SVC.Test/echo',
      'http://svc.test./echo',
      'http://user:secret@svc.test:80/echo',
    ]) {
      assert.equal((await one(url)).status, 200, url);
    }
  });

  it('a host not ours goes to the application’s own agent unchanged', async () => {
    const url = `http://127.0.0.1:${scene.backend.port}/echo`;
    for (const AGENT of ['', 'own', 'false']) {
      const outcome = await one(url, { env: { AGENT } });
      assert.equal(outcome.status, 200);
      assert.equal(scene.backend.seen.at(-1)!.headers['x-request-id'], undefined);
    }
  });

  it('an unknown host is parked, then handed to its own agent, byte for byte', async () => {
    // `localhost` never waits, a name that resolves to it by the application’s own lookup does.
    const services = [{ host: 'svc.test', port: scene.backend.port, endpoints: [scene.backend.port] }];
    const bare = await one(`http://127.0.0.1:${scene.backend.port}/echo`, { mesh: undefined });
    const url = `http://ip6-localhost.test:${scene.backend.port}/echo`;
    const outcome = await scene.run('http-lookup.js', { mesh: { services }, env: { URL: url } });
    const parked = (outcome.lines[0] as { rawHeaders: string[] }).rawHeaders;
    const expected = (JSON.parse(bare.text) as { rawHeaders: string[] }).rawHeaders;
    assert.deepEqual(
      parked.filter((_, i) => i % 2 === 0),
      expected.filter((_, i) => i % 2 === 0),
    );
  });

  it('the control plane does not answer: the call passes through after the first-use time', async () => {
    const services = [{ host: 'svc.test', port: 80, endpoints: [scene.backend.port] }];
    const mesh = { services, silent: true, firstUseTimeoutMs: 150 };
    const outcome = await one('http://svc.invalid/echo', { mesh });
    assert.match(outcome.error!, /ENOTFOUND|EAI_AGAIN/);
  });

  it('a wrapper loaded before or after us sees every call once, and its header is sent', async () => {
    for (const when of ['before', 'after'] as const) {
      scene.backend.seen.length = 0;
      const outcome = await one('http://svc.test/echo', { [when]: ['http-wrap-before.js'] });
      assert.equal(outcome.status, 200);
      assert.equal(outcome.wrapped, 1, when);
      assert.equal(outcome.ours, true);
      assert.equal(scene.backend.seen[0]!.headers['traceparent'], '00-1-1-01');
      assert.ok(scene.backend.seen[0]!.headers['x-request-id']);
    }
  });

  it('agents with their own way to connect, createConnection and socketPath are left alone', async () => {
    const result = await scene.run('http-left-alone.js', {
      mesh: { services: [{ host: 'svc.test', port: 80, endpoints: [] }] },
      env: { PORT: String(scene.backend.port) },
    });
    assert.deepEqual(result.lines, [{ own: 200 }, { subclass: 200 }, { socketPath: 'ENOENT' }]);
    assert.match(result.stderr, /left alone/);
  });

  it('https: endpoint and fail-over are ours, TLS is the application’s, sessions and names included', async () => {
    const { key, cert } = selfSigned(['svc.test']);
    const names: (string | false | undefined)[] = [];
    const server = https.createServer({ key, cert }, (incoming, response) => {
      names.push((incoming.socket as import('node:tls').TLSSocket & { servername?: string }).servername);
      response.end(JSON.stringify(incoming.headers));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const services = [{ host: 'svc.test', port: 443, endpoints: [port], tls: true }];
      const env = { OPTIONS: JSON.stringify({ ca: cert }) };
      const good = await one('https://svc.test/', { mesh: { services }, env });
      assert.equal(good.status, 200);
      assert.equal(JSON.parse(good.text).host, 'svc.test');
      assert.equal(JSON.parse(good.text)['x-request-id'], undefined);
      assert.deepEqual(names, ['svc.test']);
      const untrusted = await one('https://svc.test/', { mesh: { services } });
      assert.match(untrusted.error!, /SELF_SIGNED/);
      const refused = [{ ...services[0]!, endpoints: [1] }];
      const dead = await one('https://svc.test/', { mesh: { services: refused }, env });
      assert.equal(dead.error, 'ECONNREFUSED');
    } finally {
      server.close();
    }
  });
});
