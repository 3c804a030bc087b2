/** DestinationRule TLS with files, over real connections: what is verified, what is sent, and what a change of files does. */

import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Endpoint, UpstreamTls } from '../../../../src/model';
import { Dial, TlsUnavailable, UpstreamTlsContexts } from '../../../../src/transport';
import { Authority } from '../../../support/certificates';

const SETTINGS = { connectTimeoutMs: 10_000, maxRequestsPerConnection: 0, http2: false };
const HOST = 'svc.test';

describe('TLS to upstreams', () => {
  const authority = new Authority();
  const stranger = new Authority();
  const lines: string[] = [];
  const peers: { sni: string | false; client: string }[] = [];
  const sockets: Socket[] = [];
  let folder: string;
  let server: Server;
  let endpoint: Endpoint;
  let clock: number;
  let contexts: UpstreamTlsContexts;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'inmesh-tls-'));
    const { cert, key } = authority.issue('server', { dns: [HOST, '*.wild.test'], uris: ['spiffe://svc'] });
    const options = { cert, key, requestCert: true, rejectUnauthorized: false, ca: authority.root };
    server = createServer(options, (socket: TLSSocket) => {
      sockets.push(socket);
      // Clients of these tests go away as they like.
      socket.on('error', () => socket.destroy());
      const { subject } = socket.getPeerCertificate();
      peers.push({ sni: socket.servername || false, client: String(subject?.CN ?? '') });
      socket.write('hello');
    });
    // A client that does not like the certificate.
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    endpoint = { address: '127.0.0.1', port, weight: 1, health: 'HEALTHY' };
  });

  beforeEach(() => {
    write('ca.pem', authority.root);
    issue('client');
    lines.length = 0;
    peers.length = 0;
    clock = 0;
    const log = {
      line: (_level: string, event: string, message: string) => lines.push(`${event} ${message}`),
    };
    contexts = new UpstreamTlsContexts(log, () => clock);
  });

  after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
    rmSync(folder, { recursive: true, force: true });
  });

  function write(name: string, content: Buffer | string): void {
    writeFileSync(join(folder, name), content);
  }

  function issue(name: string, by = authority): void {
    const { cert, key } = by.issue(name);
    write('cert.pem', cert);
    write('key.pem', key);
  }

  function rule(changes: Partial<UpstreamTls> = {}): UpstreamTls {
    const files = { caFile: join(folder, 'ca.pem') };
    return { kind: 'tls', subjectAltNames: [], insecureSkipVerify: false, ...files, ...changes };
  }

  function mutual(changes: Partial<UpstreamTls> = {}): UpstreamTls {
    return rule({ certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem'), ...changes });
  }

  /** What the server saw of a connection; rejects where there is none. */
  async function dial(
    tls: UpstreamTls,
    authorityName = HOST,
  ): Promise<{ sni: string | false; client: string }> {
    const socket = await new Promise<Socket>((dialled, dialFailed) => {
      new Dial(endpoint, SETTINGS, { dialled, dialFailed }, contexts.secure(tls, authorityName));
    });
    await once(socket, 'data');
    socket.destroy();
    return peers.at(-1)!;
  }

  it('sends the SNI it was told, else that of the host without port, else none', async () => {
    assert.equal((await dial(rule({ sni: 'given.test' }))).sni, 'given.test');
    assert.equal((await dial(rule({ autoSni: true }), 'A.wild.test:80')).sni, 'a.wild.test');
    assert.equal((await dial(rule({ autoSni: true }), '10.0.0.1:80')).sni, false);
    assert.equal((await dial(rule({ autoSni: true }), '[::1]:80')).sni, false);
    assert.equal((await dial(rule())).sni, false);
  });

  it('verifies the chain, and the names that are asked for', async () => {
    await dial(rule({ autoSanValidation: true }), 'x.wild.test');
    await dial(rule({ subjectAltNames: ['no.test', 'spiffe://svc'] }));
    await assert.rejects(dial(rule({ autoSanValidation: true }), 'wild.test'), /not for wild\.test/);
    await assert.rejects(dial(rule({ subjectAltNames: ['no.test'] })), /not for no\.test/);
    write('other.pem', stranger.root);
    await assert.rejects(dial(rule({ caFile: join(folder, 'other.pem') })), /certificate/);
    // The system's roots are others.
    await assert.rejects(dial(rule({ caFile: undefined })), /certificate/);
  });

  it('verifies nothing only where the rule says so', async () => {
    await dial(rule({ caFile: undefined, insecureSkipVerify: true }));
  });

  it('takes a file of many roots', async () => {
    const others = Array.from({ length: 20 }, () => new Authority().root.toString());
    write('many.pem', [...others, authority.root.toString()].join('# a comment\n'));
    await dial(rule({ caFile: join(folder, 'many.pem') }));
  });

  it('shows the certificate of the client; new files are used by the next connection', async () => {
    const tls = mutual();
    assert.equal((await dial(tls)).client, 'client');
    issue('renewed');
    assert.equal((await dial(tls)).client, 'client', 'files are not looked at for every connection');
    clock += 1_000;
    assert.equal((await dial(tls)).client, 'renewed');
  });

  it('files that are gone or do not belong together: what was read before stays, and it is said', async () => {
    const tls = mutual();
    await dial(tls);
    write('key.pem', authority.issue('x').key);
    clock += 1_000;
    assert.equal((await dial(tls)).client, 'client');
    assert.match(lines.join(), /tls\.not-renewed .*cert\.pem, .*key\.pem cannot be used/);
    rmSync(join(folder, 'ca.pem'));
    clock += 1_000;
    assert.equal((await dial(tls)).client, 'client');
    assert.match(lines.join(), /caCertificates .*ca\.pem cannot be read \(ENOENT\)/);
    write('ca.pem', authority.root);
    issue('again');
    clock += 1_000;
    assert.equal((await dial(tls)).client, 'again');
  });

  it('a file that is missing, empty or no certificate is a refusal with its name; later files are found', async () => {
    const tls = mutual({ certFile: join(folder, 'late.pem') });
    await assert.rejects(dial(tls), (error: Error) => {
      assert.ok(error instanceof TlsUnavailable);
      assert.match(error.message, /clientCertificate .*late\.pem cannot be read \(ENOENT\)/);
      return true;
    });
    write('empty.pem', '');
    await assert.rejects(
      dial(rule({ caFile: join(folder, 'empty.pem') })),
      /empty\.pem holds no certificate/,
    );
    write('broken.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    await assert.rejects(dial(rule({ caFile: join(folder, 'broken.pem') })), /broken\.pem cannot be used/);
    const { cert, key } = authority.issue('late');
    write('late.pem', cert);
    write('key.pem', key);
    assert.equal((await dial(tls)).client, 'late');
  });

  it('what is no file is a refusal', async () => {
    await assert.rejects(
      dial(rule({ unavailable: 'the secret kubernetes://x is not a file' })),
      /kubernetes/,
    );
  });

  it('connections are shared by equal rules across pushes, and only by those', () => {
    const key = (tls: UpstreamTls, name = HOST) => contexts.secure(tls, name).key;
    assert.equal(key(rule()), key(rule(), 'other.test'));
    assert.equal(key(mutual({ autoSni: true })), key(mutual({ autoSni: true }), `${HOST}:80`));
    const different = [
      rule(),
      mutual(),
      rule({ sni: 'a.test' }),
      rule({ subjectAltNames: ['a'] }),
      rule({ autoSni: true }),
      rule({ autoSanValidation: true }),
      rule({ autoSni: true, autoSanValidation: true }),
      rule({ insecureSkipVerify: true }),
      rule({ minVersion: 'TLSv1.3' }),
    ].map((tls) => key(tls));
    assert.equal(new Set(different).size, different.length);
  });
});
