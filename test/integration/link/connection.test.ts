import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerCredentials } from '@grpc/grpc-js';
import { AdsServer, clusterName, mesh } from '../../support/ads-server';
import { makeCertificates } from '../../support/certificates';
import { linkSettings, runLink, stopLinks } from '../../support/link-harness';

const REVIEWS = 'reviews.shop.svc.cluster.local';
const SERVICES = mesh([{ host: REVIEWS, endpoints: [['127.0.0.1', 9081]] }]);
const NAME = 'istiod.istio-system.svc';

describe('link: the connection', () => {
  let server: AdsServer;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'inmesh-link-'));
  });
  afterEach(async () => {
    await stopLinks();
    server?.stop();
    rmSync(folder, { recursive: true });
  });

  it('a control plane that is not there: down at once, one line, up as soon as it comes', async () => {
    server = await new AdsServer().start();
    server.set(SERVICES);
    server.stop();
    const { link, feed, log } = await runLink(linkSettings(server.address));
    link.ask('http', 80, 'reviews');
    const from = Date.now();
    await feed.until('down', () => feed.state === 'down');
    assert.ok(Date.now() - from < 1_000, `${Date.now() - from} ms`);
    assert.equal(feed.hasViews, false);
    await server.start();
    await feed.until('answer', () => feed.hosts.get('http:80:reviews') != null);
    assert.deepEqual(feed.states.slice(-3), ['connecting', 'down', 'up']);
    assert.equal(log.of('link.down').length, 1);
    assert.match(
      log.of('link.down')[0]!.message,
      /grpc:\/\/127\.0\.0\.1:\d+ cannot be reached \(.*ECONNREFUSED/,
    );
    assert.equal(log.of('link.up').length, 1);
  });

  it('an end of the stream in good order is routine: connected again, no warning, never down', async () => {
    server = await new AdsServer().start();
    server.set(SERVICES);
    const { link, feed, log } = await runLink(linkSettings(server.address));
    link.ask('http', 80, 'reviews');
    await feed.until('answer', () => feed.hosts.size === 1);
    for (let streams = 2; streams <= 4; streams++) {
      server.endStreams(streams === 3 ? { code: 14, details: 'max age' } : undefined);
      const acknowledged = () =>
        server.streams[streams - 1]?.requests.filter((r) => r.responseNonce).length === 3;
      await server.until('connected again', acknowledged);
    }
    assert.deepEqual(feed.states, ['idle', 'connecting', 'up']);
    assert.deepEqual(log.of('link.down'), []);
  });

  it('killed and started 10 times: connected again within 2 s each time; endpoints changed meanwhile arrive', async () => {
    server = await new AdsServer().start();
    server.set(SERVICES);
    const { link, feed } = await runLink(linkSettings(server.address));
    link.ask('http', 80, 'reviews');
    await feed.until('answer', () => feed.hosts.size === 1);
    for (let round = 1; round <= 10; round++) {
      server.stop();
      await feed.until('down', () => feed.state === 'down');
      server.set(mesh([{ host: REVIEWS, endpoints: [['127.0.0.1', 9100 + round]] }]));
      await server.start();
      await feed.until(
        'news',
        () => feed.addresses(clusterName(REVIEWS))[0] === `127.0.0.1:${9100 + round}`,
        2_000,
      );
      assert.equal(feed.state, 'up');
    }
    assert.ok(feed.hosts.get('http:80:reviews'));
  }).timeout(40_000);

  it('grpcs: root and server name are verified; the token is read again for every stream', async () => {
    const certificates = makeCertificates(folder, NAME);
    server = await new AdsServer(ServerCredentials.createSsl(null, [certificates.server])).start();
    server.set(SERVICES);
    const token = join(folder, 'token');
    writeFileSync(token, 'first\n');
    const xds = server.address.replace('grpc:', 'grpcs:');
    const good = { xdsCa: certificates.rootFile, xdsServerName: NAME, token };
    const { link, feed, stop } = await runLink(linkSettings(xds, good));
    link.ask('http', 80, 'reviews');
    await feed.until('answer', () => feed.hosts.size === 1);
    writeFileSync(token, 'second');
    server.endStreams();
    await server.until('second stream', () => server.streams.length === 2);
    const tokens = server.streams.map(({ headers }) => headers.get('authorization')[0]);
    assert.deepEqual(tokens, ['Bearer first', 'Bearer second']);
    await stop();

    const wrongs = [
      [
        { ...good, xdsServerName: 'other.name' },
        /certificate .* not accepted .*altnames.*INMESH_XDS_SERVER_NAME/s,
      ],
      [
        { ...good, xdsCa: makeCertificates(folder, NAME).rootFile },
        /certificate .* not accepted .*INMESH_XDS_CA/s,
      ],
      [{ ...good, xdsCa: join(folder, 'none.pem') }, /none\.pem cannot be read .*INMESH_XDS_CA/],
      [{ ...good, xdsCa: token }, /holds no PEM certificate/],
      [{ ...good, token: join(folder, 'no-token') }, /no-token cannot be read .*INMESH_TOKEN/],
    ] as const;
    const streams = server.streams.length;
    for (const [settings, line] of wrongs) {
      const run = await runLink(linkSettings(xds, settings));
      await run.feed.until('refused', () => run.log.of('link.refused').length > 0);
      assert.match(run.log.of('link.refused')[0]!.message, line);
      assert.equal(run.feed.state, 'down');
      await run.stop();
    }
    assert.equal(server.streams.length, streams);
  }).timeout(30_000);

  it('a token never travels over plaintext', async () => {
    server = await new AdsServer().start();
    server.set(SERVICES);
    const token = join(folder, 'token');
    writeFileSync(token, 'secret');
    const { feed } = await runLink(linkSettings(server.address, { token }));
    await feed.until('up', () => feed.state === 'up');
    assert.deepEqual(server.streams[0]!.headers.get('authorization'), []);
  });

  it('an address that takes the connection and says nothing is given up after 5 s', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as { port: number };
    const { feed, log } = await runLink(linkSettings(`grpcs://127.0.0.1:${port}`));
    await feed.until('down', () => feed.state === 'down' && log.of('link.down').length > 0, 7_000);
    assert.match(log.of('link.down')[0]!.message, /no connection within 5 s/);
    await stopLinks();
    silent.close();
  }).timeout(10_000);

  it('an address that is none is refused in one line', async () => {
    const { feed, log } = await runLink(linkSettings('http://istiod:15010'));
    await feed.until('refused', () => log.of('link.refused').length > 0);
    assert.match(
      log.of('link.refused')[0]!.message,
      /"http:\/\/istiod:15010" is no control plane address; set INMESH_XDS/,
    );
  });
});
