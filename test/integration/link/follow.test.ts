import assert from 'node:assert/strict';
import { AdsServer, clusterName, mesh } from '../../support/ads-server';
import { linkSettings, runLink, stopLinks } from '../../support/link-harness';

const REVIEWS = 'reviews.shop.svc.cluster.local';
const RATINGS = 'ratings.shop.svc.cluster.local';

describe('link: follows the hosts that are asked for', () => {
  let server: AdsServer;
  beforeEach(async () => {
    server = await new AdsServer().start();
  });
  afterEach(async () => {
    await stopLinks();
    server.stop();
  });

  it('answers with the cluster first, then the host', async () => {
    server.set(mesh([{ host: REVIEWS, endpoints: [['127.0.0.1', 9081]] }]));
    const { link, feed } = await runLink(linkSettings(server.address));
    link.ask('http', 80, 'reviews');
    await feed.until('answer', () => feed.hosts.has('http:80:reviews'));
    const service = feed.hosts.get('http:80:reviews');
    assert.equal(service?.kind, 'http');
    assert.deepEqual(feed.addresses(clusterName(REVIEWS)), ['127.0.0.1:9081']);
    const order = feed.events.filter((event) => /^(cluster|host|index|ports)/.test(event));
    assert.deepEqual(order, ['ports', 'index 80', `cluster ${clusterName(REVIEWS)}`, 'host reviews']);
    assert.ok(feed.indexes.get(80)?.mayHold('reviews'));
    assert.ok(!feed.indexes.get(80)?.mayHold(RATINGS));
  });
});
