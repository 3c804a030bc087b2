import assert from 'node:assert/strict';
import { TYPE_URL } from '../../../src/xds';
import {
  type AdsServer,
  clusterName,
  edsCluster,
  endpoints,
  mesh,
  routes,
  virtualHost,
} from '../../support/ads-server';
import { controlPlaneForEach, linkSettings, runLink } from '../../support/link-harness';
import { linkInProcess } from '../../support/link-in-process';

const REVIEWS = 'reviews.shop.svc.cluster.local';
const RATINGS = 'ratings.shop.svc.cluster.local';
const TWO = mesh([
  { host: REVIEWS, endpoints: [['127.0.0.1', 9081]] },
  { host: RATINGS, port: 8080, endpoints: [['127.0.0.1', 9082]] },
]);

describe('link: the delta protocol', () => {
  let server: AdsServer;
  controlPlaneForEach((started) => {
    server = started;
  });

  it("is an ordinary sidecar node with Istio's metadata, said in the first request only", async () => {
    server.set(TWO);
    const settings = linkSettings(server.address);
    const meta = { GENERATOR: 'grpc', CLUSTER_ID: 'east', PROXY_CONFIG: 'text' };
    const { link, feed } = await runLink({ ...settings, identity: { ...settings.identity, meta } });
    link.ask('http', 80, 'reviews');
    await feed.until('answer', () => feed.hosts.size === 1);
    const { node, requests, headers } = server.streams[0]!;
    assert.equal(node?.id, 'sidecar~10.0.0.7~web-1.shop~shop.svc.cluster.local');
    assert.deepEqual(node?.locality, { region: 'r1', zone: 'z1', subZone: '' });
    assert.deepEqual(node?.metadata, {
      ISTIO_VERSION: '1.29.6',
      CLUSTER_ID: 'east',
      MESH_ID: 'cluster.local',
      PROXY_CONFIG: {},
      DISABLE_HBONE_SEND: 'true',
      NAME: 'web-1',
      NAMESPACE: 'shop',
      INSTANCE_IPS: '10.0.0.7',
      LABELS: { app: 'web', version: 'v1' },
      SERVICE_ACCOUNT: 'web',
    });
    assert.deepEqual(requests.map((request) => request.node !== undefined).indexOf(true, 1), -1);
    assert.deepEqual(headers.get('authorization'), []);
  });

  it('acknowledges with the nonce alone and changes subscriptions without one', async () => {
    server.set(TWO);
    const { link, feed } = await runLink(linkSettings(server.address));
    link.ask('http', 80, 'reviews');
    await feed.until('first', () => feed.hosts.size === 1);
    link.ask('http', 8080, 'ratings');
    await feed.until('second', () => feed.hosts.size === 2);
    await server.until('acks', () => server.acks.length === 5);
    assert.deepEqual(server.nacks, []);
    for (const request of server.streams[0]!.requests) {
      const changes = (request.subscribe?.length ?? 0) + (request.unsubscribe?.length ?? 0);
      assert.ok(!request.responseNonce || changes === 0, JSON.stringify(request));
    }
    const asked = server.streams[0]!.requests.filter(({ typeUrl }) => typeUrl === TYPE_URL.route);
    assert.deepEqual(
      asked.filter((r) => !r.responseNonce).map((r) => r.subscribe),
      [['80'], ['8080']],
    );
  });

  it('a bad cluster of a response is refused with its name and reason; the good ones of it are used', async () => {
    const [good, bad] = [clusterName(REVIEWS), clusterName(RATINGS)];
    server.set({
      clusters: [edsCluster(good), edsCluster(bad, { connectTimeout: { seconds: -5 } })],
      routes: [routes(80, [virtualHost(REVIEWS), virtualHost(RATINGS)])],
      endpoints: [endpoints(good, [['127.0.0.1', 1]])],
    });
    const { link, feed } = await runLink(linkSettings(server.address));
    link.ask('http', 80, 'reviews');
    link.ask('http', 80, 'ratings');
    await feed.until('answers', () => feed.hosts.size === 2);
    await server.until('nack', () => server.nacks.length > 0);
    assert.equal(server.nacks.length, 1);
    assert.equal(server.nacks[0]!.typeUrl, TYPE_URL.cluster);
    assert.ok(server.nacks[0]!.errorDetail!.message.includes(bad), server.nacks[0]!.errorDetail!.message);
    assert.match(server.nacks[0]!.errorDetail!.message, /connect_timeout/);
    assert.deepEqual(feed.addresses(good), ['127.0.0.1:1']);
    assert.ok(
      link.unsupported().some(({ resource, effect }) => resource === bad && effect.startsWith('refused')),
    );
  });

  it('a bad version of a resource leaves the one before in use', async () => {
    server.set(TWO);
    const { link, feed } = await runLink(linkSettings(server.address));
    link.ask('http', 80, 'reviews');
    await feed.until('answer', () => feed.hosts.size === 1);
    feed.events.length = 0;
    for (const type of ['cluster', 'endpoint'] as const)
      server.setRaw(type, clusterName(REVIEWS), Buffer.from([0xff, 0xff]));
    server.setRaw('route', '80', Buffer.from('nonsense'));
    await server.until('nacks', () => server.nacks.length === 3);
    assert.deepEqual(feed.events, []);
    server.set(mesh([{ host: REVIEWS, endpoints: [['127.0.0.1', 9090]] }]));
    await feed.until('good again', () => feed.addresses(clusterName(REVIEWS))[0] === '127.0.0.1:9090');
    const refused = () => link.unsupported().some(({ effect }) => effect.startsWith('refused'));
    await server.until('the last type acknowledged', () => server.acks.at(-1)?.typeUrl === TYPE_URL.route);
    const timer = setInterval(() => feed.poke(), 10);
    await feed.until('nothing refused any more', () => !refused()).finally(() => clearInterval(timer));
  });

  it('after a reconnect: says what it holds, hears what changed meanwhile, and keeps the rest without a word', async () => {
    server.emptyVersions = false;
    server.set(TWO);
    const { link, feed } = await runLink(linkSettings(server.address));
    link.ask('http', 80, 'reviews');
    link.ask('http', 8080, 'ratings');
    await feed.until('answers', () => feed.hosts.size === 2);
    await server.until('acks', () => server.acks.length >= 3);
    server.stop();
    feed.events.length = 0;
    server.set(mesh([{ host: REVIEWS, endpoints: [['127.0.0.1', 9081]] }]));
    await server.start();
    await feed.until(
      'ratings gone',
      () => feed.hosts.get('http:8080:ratings') === null && feed.clusters.size === 1,
    );
    const first = server.streams[1]!.requests.find(({ typeUrl }) => typeUrl === TYPE_URL.cluster)!;
    assert.deepEqual(
      Object.keys(first.initialResourceVersions!).sort(),
      ['PassthroughCluster', clusterName(RATINGS, 8080), clusterName(REVIEWS)].sort(),
    );
    assert.ok(Object.values(first.initialResourceVersions!).every((version) => version !== ''));
    assert.deepEqual(
      feed.events.filter((event) => event.includes('reviews')),
      [],
    );
    assert.ok(feed.hosts.get('http:80:reviews'));
  });

  it('endpoints that a returning control plane has no news of stay, while it is silent on others', async () => {
    server.emptyVersions = false;
    const reviews = mesh([{ host: REVIEWS, endpoints: [['127.0.0.1', 9081]] }]);
    server.set(reviews);
    const asks = [
      { scheme: 'http', port: 80, host: 'reviews' },
      { scheme: 'http', port: 80, host: 'ratings' },
    ] as const;
    const { feed, stop } = linkInProcess(server.address, asks, { absentAfterMs: 100 });
    await feed.until('answers', () => feed.hosts.size === 2);
    server.stop();
    const both = mesh([
      { host: REVIEWS, endpoints: [['127.0.0.1', 9081]] },
      { host: RATINGS, endpoints: [] },
    ]);
    server.set({ ...both, endpoints: reviews.endpoints });
    await server.start();
    // Announced once its endpoints count as not existing.
    await feed.until('ratings', () => feed.hosts.get('http:80:ratings') != null);
    assert.equal(feed.addresses(clusterName(REVIEWS)).length, 1);
    stop();
  });

  it('a name that is left out of the answers does not exist after a while; it may exist later', async () => {
    const all = mesh([{ host: REVIEWS, endpoints: [['127.0.0.1', 9081]] }]);
    server.set({ ...all, endpoints: [] });
    const asks = [{ scheme: 'http', port: 80, host: 'reviews' }] as const;
    const { feed, stop } = linkInProcess(server.address, asks, { absentAfterMs: 100 });
    await feed.until('answer', () => feed.hosts.get('http:80:reviews') != null);
    assert.deepEqual(feed.addresses(clusterName(REVIEWS)), []);
    server.set(all);
    await feed.until('endpoints', () => feed.addresses(clusterName(REVIEWS)).length === 1);
    stop();
  });

  it('a host is not announced before its endpoints came, however late', async () => {
    const all = mesh([
      { host: REVIEWS, endpoints: [['127.0.0.1', 9081]] },
      { host: RATINGS, port: 8080, endpoints: [['127.0.0.1', 9082]] },
    ]);
    const without = all.endpoints.filter((assignment) => assignment.clusterName !== clusterName(REVIEWS));
    server.set({ ...all, endpoints: without });
    const { link, feed } = await runLink(linkSettings(server.address));
    link.ask('http', 80, 'reviews');
    link.ask('http', 8080, 'ratings');
    await feed.until('the other host', () => feed.hosts.get('http:8080:ratings') != null);
    // Longer than any answer of this server takes.
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(feed.hosts.has('http:80:reviews'), false);
    server.set(all);
    await feed.until('the late one', () => feed.hosts.get('http:80:reviews') != null);
    assert.deepEqual(feed.addresses(clusterName(REVIEWS)), ['127.0.0.1:9081']);
  });

  it('answers that come in any order of types lead to the same', async () => {
    for (const order of [
      ['route', 'endpoint', 'cluster'],
      ['endpoint', 'cluster', 'route'],
    ] as const) {
      server.set({ clusters: [edsCluster(clusterName('first.test'))], routes: [], endpoints: [] });
      const { link, feed, stop } = await runLink(linkSettings(server.address));
      link.ask('http', 80, 'reviews');
      await server.until('RDS asked', () => server.subscribed('route').length === 1);
      server.set(TWO, { order });
      await feed.until('answer', () => feed.hosts.get('http:80:reviews') != null);
      assert.deepEqual(feed.addresses(clusterName(REVIEWS)), ['127.0.0.1:9081']);
      await stop();
    }
  });
});
