import assert from 'node:assert/strict';
import { ISTIOD_SERVER_NAME, type Istiod, startIstiod } from '../../lab';
import { clusterName } from '../support/ads-resources';
import { linkSettings, runLink, stopLinks } from '../support/link-harness';
import { drill, peer } from '../support/peer';

const REVIEWS = 'reviews.shop.svc.cluster.local';
const RATINGS = 'ratings.shop.svc.cluster.local';

function service(host: string, port: number, endpoint: number): string {
  return JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: host.split('.')[0], namespace: 'shop' },
    spec: {
      hosts: [host],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      ports: [{ number: port, name: 'http', protocol: 'HTTP' }],
      endpoints: [{ address: '127.0.0.1', ports: { http: endpoint } }],
    },
  });
}

describe('link: a real istiod', () => {
  let istiod: Istiod;
  before(async function () {
    this.timeout(600_000);
    istiod = peer(
      this,
      await startIstiod({
        files: { 'reviews.yaml': service(REVIEWS, 80, 9081), 'ratings.yaml': service(RATINGS, 8080, 9082) },
      }),
    );
  });
  afterEach(stopLinks);
  after(async () => istiod?.stop());

  it('answers the first question of a process, is never refused anything, and says what changes', async () => {
    const { link, feed, log } = await runLink(linkSettings(`grpc://${istiod.xdsAddress}`));
    link.ask('http', 80, 'reviews');
    link.ask('http', 8080, RATINGS);
    link.ask('http', 80, 'example.com');
    await feed.until('answers', () => feed.hosts.size === 3);
    assert.equal(feed.hosts.get('http:80:reviews')?.kind, 'http');
    assert.equal(feed.hosts.get('http:80:example.com'), null);
    assert.deepEqual(feed.addresses(clusterName(REVIEWS)), ['127.0.0.1:9081']);
    await istiod.write('reviews.yaml', service(REVIEWS, 80, 9091));
    await feed.until('change', () => feed.addresses(clusterName(REVIEWS))[0] === '127.0.0.1:9091');
    await istiod.remove('reviews.yaml');
    await feed.until('gone', () => feed.hosts.get('http:80:reviews') === null);
    await istiod.write('reviews.yaml', service(REVIEWS, 80, 9081));
    await feed.until('back', () => feed.hosts.get('http:80:reviews') != null);
    assert.deepEqual(feed.addresses(clusterName(REVIEWS)), ['127.0.0.1:9081']);
    assert.deepEqual(
      link.unsupported().filter(({ effect }) => effect.startsWith('refused')),
      [],
    );
    assert.deepEqual(feed.states, ['idle', 'connecting', 'up']);
    assert.deepEqual(
      log.lines.filter(({ level }) => level === 'error'),
      [],
    );
    assert.doesNotMatch(istiod.log(), /ADS:.*ACK ERROR/);
  }).timeout(30_000);

  it('accepts the node over TLS with a token, and refuses a token that is none', async () => {
    const xds = `grpcs://${istiod.secureAddress}`;
    const secure = { xdsCa: istiod.caFile, xdsServerName: ISTIOD_SERVER_NAME };
    const token = await istiod.tokenFile('shop', 'web');
    const { link, feed } = await runLink(linkSettings(xds, { ...secure, token }));
    link.ask('http', 80, 'reviews');
    await feed.until('answer', () => feed.hosts.get('http:80:reviews') != null);
    const stranger = await istiod.tokenFile('elsewhere', 'web');
    const other = await runLink(linkSettings(xds, { ...secure, token: stranger }));
    await other.feed.until('refused', () => other.log.of('link.refused').length > 0);
    assert.match(other.log.of('link.refused')[0]!.message, /refused this process .*INMESH_TOKEN/);
  }).timeout(30_000);

  const times = drill({ short: 5, full: 20 });
  it(`killed and started ${times} times: connected within 2 s of its return, and what vanished meanwhile is gone`, async () => {
    const { link, feed } = await runLink(linkSettings(`grpc://${istiod.xdsAddress}`));
    link.ask('http', 80, 'reviews');
    link.ask('http', 8080, RATINGS);
    await feed.until('answers', () => feed.hosts.size === 2);
    const waits: number[] = [];
    for (let round = 1; round <= times; round++) {
      await istiod.kill();
      await feed.until('down', () => feed.state === 'down');
      assert.ok(feed.hosts.get('http:80:reviews'), 'views stay');
      const gone = round % 2 === 1;
      if (gone) await istiod.remove('ratings.yaml');
      else await istiod.write('ratings.yaml', service(RATINGS, 8080, 9082));
      await istiod.restart();
      const back = Date.now();
      await feed.until('up', () => feed.state === 'up', 4_000);
      waits.push(Date.now() - back);
      await feed.until('news', () => (feed.hosts.get(`http:8080:${RATINGS}`) === null) === gone);
    }
    const longest = Math.max(...waits);
    console.log(`      connected again after ${waits.join(', ')} ms`);
    assert.ok(longest <= 2_000, `${longest} ms`);
  }).timeout(240_000);
});
