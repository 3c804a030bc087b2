import { strict as assert } from 'node:assert';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer as createPlain, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsConfig } from '../../../../src/bridge/http';
import { HttpClient, Retry, ServerList, sentenceOf } from '../../../../src/bridge/http';
import { selfSigned } from '../../../support/certificate';

describe("the registries' HTTP client", () => {
  const clients: HttpClient[] = [];
  const servers: Server[] = [];
  let folder = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inmesh-http-'));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
  after(() => rm(folder, { recursive: true }));

  function client(tls?: TlsConfig, now = () => 0): HttpClient {
    const made = new HttpClient({ tls, maxSockets: 4, maxBytes: 1_000, now });
    clients.push(made);
    return made;
  }

  async function listen(server: Server): Promise<number> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  it('refuses an answer that is too large', async () => {
    const port = await listen(createPlain((_, response) => response.end('x'.repeat(1_001))));
    const url = `http://127.0.0.1:${port}/`;
    await assert.rejects(client().get({ url, timeoutMs: 5_000 }), /larger than 1000 bytes/);
  });

  it('keeps a connection for the next question', async () => {
    const sockets = new Set<unknown>();
    const port = await listen(
      createPlain((request, response) => {
        sockets.add(request.socket);
        response.end('x');
      }),
    );
    const http = client();
    for (let i = 0; i < 3; i++) await http.get({ url: `http://127.0.0.1:${port}/`, timeoutMs: 5_000 });
    assert.equal(sockets.size, 1);
  });

  it('asks again when a kept connection is closed at its reuse, once', async () => {
    let asked = 0;
    const port = await listen(
      createPlain((request, response) => {
        // The second question of a connection finds it closed.
        if (++asked % 2 === 0) request.socket.destroy();
        else response.end(String(asked));
      }),
    );
    const url = `http://127.0.0.1:${port}/`;
    const http = client();
    for (const expected of ['1', '3']) {
      assert.equal((await http.get({ url, timeoutMs: 5_000 })).body.toString(), expected);
    }
    const fresh = client();
    await fresh.get({ url: `${url}`, timeoutMs: 5_000 }).then(
      () => assert.fail('it was closed'),
      (error: NodeJS.ErrnoException) => assert.equal(error.code, 'ECONNRESET'),
    );
  });

  it('ends what is in flight when closed, or by its signal', async () => {
    const port = await listen(createPlain(() => undefined));
    const http = client();
    const abort = new AbortController();
    const request = { url: `http://127.0.0.1:${port}/`, timeoutMs: 60_000 };
    const aborted = assert.rejects(http.get({ ...request, signal: abort.signal }), /abort/);
    const closed = assert.rejects(http.get(request), /closed/);
    abort.abort();
    await aborted;
    http.close();
    await closed;
  });

  it('verifies the certificate, by a CA file that may be replaced, and says what is wrong', async () => {
    const [first, second] = [
      selfSigned(['bridge.test'], ['127.0.0.1']),
      selfSigned(['bridge.test'], ['127.0.0.1']),
    ];
    const port = await listen(createSecure(second, (_, response) => response.end('secret')));
    const url = `https://127.0.0.1:${port}/`;
    const caFile = join(folder, 'ca.pem');
    const sentence = async (http: HttpClient) => {
      let error: unknown;
      await assert.rejects(http.get({ url, timeoutMs: 5_000 }), (reason) => {
        error = reason;
        return true;
      });
      return sentenceOf(error, url);
    };
    assert.match(await sentence(client()), /give the CA with tls\.caFile/);
    assert.match(
      await sentence(client({ caFile: join(folder, 'none.pem') })),
      /cannot read tls\.caFile .*ENOENT/,
    );
    await writeFile(caFile, first.cert);
    let now = 0;
    const http = client({ caFile }, () => now);
    assert.match(await sentence(http), /certificate/);
    await writeFile(caFile, second.cert);
    await utimes(caFile, 1, 1);
    now = 10_000;
    assert.equal((await http.get({ url, timeoutMs: 5_000 })).body.toString(), 'secret');
  });

  it('never shows a password', () => {
    const error = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    const sentence = sentenceOf(error, 'http://user:secret@10.0.0.5:8761/eureka');
    assert.equal(sentence, 'http://10.0.0.5:8761/eureka: nothing listens there (ECONNREFUSED)');
  });

  it('waits longer after each failure, never less than half', () => {
    const retry = new Retry({ baseMs: 100, capMs: 1_000, random: () => 0 });
    assert.deepEqual([retry.next(), retry.next(), retry.next()], [50, 100, 200]);
    for (let i = 0; i < 50; i++) retry.next();
    assert.equal(retry.next(), 500);
    retry.good();
    assert.equal(retry.next(), 50);
  });

  it('moves to the next server once, however many callers failed', () => {
    const list = new ServerList(['a', 'b', 'c']);
    for (let i = 0; i < 5; i++) list.failed('a');
    assert.equal(list.current, 'b');
    list.failed('b');
    list.failed('c');
    assert.equal(list.current, 'a');
  });
});
