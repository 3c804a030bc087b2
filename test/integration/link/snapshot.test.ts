import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AdsServer, clusterName, mesh } from '../../support/ads-server';
import { controlPlaneForEach, linkSettings, runLink } from '../../support/link-harness';

const REVIEWS = 'reviews.shop.svc.cluster.local';
const RATINGS = 'ratings.shop.svc.cluster.local';

describe('link: the snapshot on disk', () => {
  let server: AdsServer;
  let folder: string;
  const settings = (more = {}) => linkSettings(server.address, { snapshotDir: folder, ...more });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'inmesh-snapshot-'));
  });
  controlPlaneForEach((started) => {
    server = started;
    server.set(
      mesh([
        { host: REVIEWS, endpoints: [['127.0.0.1', 9081]] },
        { host: RATINGS, endpoints: [['127.0.0.1', 9082]] },
      ]),
    );
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs a link until its snapshot is written, then ends it and the control plane. */
  async function leaveSnapshot(): Promise<string> {
    const { link, feed, stop } = await runLink(settings());
    link.ask('http', 80, 'reviews');
    await feed.until('answer', () => feed.hosts.size === 1);
    const written = () => readdirSync(folder).find((name) => name.endsWith('.snapshot'));
    // The file system tells nobody: look now and then.
    const timer = setInterval(() => feed.poke(), 20);
    await feed.until('written', () => written() !== undefined).finally(() => clearInterval(timer));
    await stop();
    server.stop();
    return join(folder, written()!);
  }

  it('a process that starts without a control plane routes what the one before used', async () => {
    const file = await leaveSnapshot();
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(folder).length, 1);
    const { link, feed } = await runLink(settings());
    link.ask('http', 80, 'reviews');
    link.ask('http', 80, 'ratings');
    await feed.until('answers', () => feed.hosts.size === 2);
    assert.equal(feed.state, 'down');
    assert.equal(feed.hasViews, true);
    assert.equal(feed.hosts.get('http:80:reviews')?.kind, 'http');
    assert.deepEqual(feed.addresses(clusterName(REVIEWS)), ['127.0.0.1:9081']);
    assert.equal(feed.hosts.get('http:80:ratings'), null, 'not in use before: not in the snapshot');
    assert.ok(feed.indexes.get(80)?.mayHold('ratings'), 'but its name is in the index');
    server.set(mesh([{ host: RATINGS, endpoints: [['127.0.0.1', 9082]] }]));
    await server.start();
    await feed.until(
      'real state',
      () => feed.hosts.get('http:80:reviews') === null && feed.hosts.get('http:80:ratings') != null,
    );
    assert.deepEqual([...feed.clusters.keys()], [clusterName(RATINGS)]);
  });

  it('a control plane that answers is preferred to the snapshot', async () => {
    await leaveSnapshot();
    server.set(mesh([{ host: REVIEWS, endpoints: [['127.0.0.1', 9999]] }]));
    await server.start();
    const { link, feed, log } = await runLink(settings());
    link.ask('http', 80, 'reviews');
    await feed.until('answer', () => feed.hosts.size === 1);
    assert.deepEqual(feed.addresses(clusterName(REVIEWS)), ['127.0.0.1:9999']);
    assert.deepEqual(log.of('link.snapshot'), []);
  });

  it('a broken file is ignored with one line', async () => {
    const file = await leaveSnapshot();
    const good = readFileSync(file);
    const flipped = Buffer.from(good);
    flipped[good.length - 3]! ^= 1;
    for (const bytes of [flipped, good.subarray(0, 100), Buffer.alloc(0), Buffer.from('{}')]) {
      writeFileSync(file, bytes);
      const { feed, log, stop } = await runLink(settings());
      await feed.until('down', () => feed.state === 'down' && log.of('link.down').length > 0);
      assert.equal(feed.hasViews, false);
      assert.equal(log.of('link.snapshot').length, 1);
      assert.match(log.of('link.snapshot')[0]!.message, /is ignored: .*(checksum|format)/);
      await stop();
    }
  });

  it('an old one, or one of another identity, is not used', async () => {
    await leaveSnapshot();
    const base = settings();
    const other = { ...base, identity: { ...base.identity, labels: { app: 'other' } } };
    for (const wrong of [settings({ snapshotMaxAgeMs: 1 }), other]) {
      const { feed, log, stop } = await runLink(wrong);
      await feed.until('down', () => log.of('link.down').length > 0);
      assert.equal(feed.hasViews, false);
      await stop();
    }
  });
});
