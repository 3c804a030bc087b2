import assert from 'node:assert/strict';
import { pb, TYPE_URL } from '../../../src/xds';
import {
  type AdsServer,
  clusterName,
  dnsCluster,
  edsCluster,
  endpoints,
  mesh,
  originalDstCluster,
  routes,
  staticCluster,
  virtualHost,
} from '../../support/ads-server';
import { controlPlaneForEach, linkSettings, runLink } from '../../support/link-harness';

const REVIEWS = 'reviews.shop.svc.cluster.local';
const RATINGS = 'ratings.shop.svc.cluster.local';

describe('link: follows the hosts that are asked for', () => {
  let server: AdsServer;
  controlPlaneForEach((started) => {
    server = started;
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

  it('asks for nothing but CDS until a host is asked for, then only for what that needs', async () => {
    server.set(
      mesh([
        { host: REVIEWS, endpoints: [['127.0.0.1', 9081]] },
        { host: RATINGS, port: 8080, endpoints: [['127.0.0.1', 9082]] },
      ]),
    );
    const { link, feed } = await runLink(linkSettings(server.address));
    await feed.until('ports', () => feed.ports !== undefined);
    assert.deepEqual([...feed.ports!].sort(), [80, 8080]);
    assert.deepEqual([server.subscribed('route'), server.subscribed('endpoint')], [[], []]);
    link.ask('http', 80, 'reviews');
    await feed.until('answer', () => feed.hosts.has('http:80:reviews'));
    assert.deepEqual(server.subscribed('route'), ['80']);
    assert.deepEqual(server.subscribed('endpoint'), [clusterName(REVIEWS)]);
    const types = new Set(server.streams.flatMap(({ requests }) => requests.map(({ typeUrl }) => typeUrl)));
    assert.equal(types.size, 3);
  });

  it('says null for a host that no virtual host serves, and for a port without services, without asking RDS', async () => {
    server.set(mesh([{ host: REVIEWS, endpoints: [] }]));
    const { link, feed } = await runLink(linkSettings(server.address));
    // Before CDS is in, the port is asked for beside it.
    await feed.until('ports', () => feed.ports !== undefined);
    link.ask('http', 9999, 'example.com');
    await feed.until('answer', () => feed.hosts.has('http:9999:example.com'));
    assert.deepEqual(server.subscribed('route'), []);
    link.ask('http', 80, 'example.com');
    await feed.until('answer', () => feed.hosts.has('http:80:example.com'));
    assert.equal(feed.hosts.get('http:9999:example.com'), null);
    assert.equal(feed.hosts.get('http:80:example.com'), null);
    assert.equal(feed.indexes.get(80)?.data.catchAll, false);
  });

  it('brings all clusters of a route: weighted ones and mirrors; a missing one is left out', async () => {
    const [v1, v2, shadow] = ['v1', 'v2', 'shadow'].map((subset) => clusterName(REVIEWS, 80, subset)) as [
      string,
      string,
      string,
    ];
    const host = virtualHost(REVIEWS, 80, [
      [v1, 90],
      [v2, 10],
      ['outbound|80|gone|x', 0],
    ]);
    host.routes![0]!.route!.requestMirrorPolicies = [{ cluster: shadow }];
    server.set({
      clusters: [v1, v2, shadow].map((name) => edsCluster(name)),
      routes: [routes(80, [host])],
      endpoints: [v1, v2, shadow].map((name, i) => endpoints(name, [['127.0.0.1', 9001 + i]])),
    });
    const { link, feed } = await runLink(linkSettings(server.address));
    link.ask('http', 80, 'reviews');
    await feed.until('answer', () => feed.hosts.has('http:80:reviews'));
    assert.deepEqual([...feed.clusters.keys()].sort(), [shadow, v1, v2].sort());
    assert.deepEqual(feed.addresses(v2), ['127.0.0.1:9002']);
  });

  it("takes the virtual host in Envoy's order: exact, longest suffix, longest prefix, *", async () => {
    const service = (name: string, ...domains: string[]) => virtualHost(name, 80, [['c', 1]], { domains });
    server.set({
      clusters: [staticCluster('c', [['127.0.0.1', 1]]), edsCluster(clusterName('x'))],
      routes: [
        routes(
          80,
          [
            service('a', '*.test'),
            service('b', '*.b.test'),
            service('c', 'a.b.test'),
            service('d', 'web.*'),
            service('e', 'web.x.*'),
          ],
          'block_all',
        ),
      ],
    });
    const { link, feed } = await runLink(linkSettings(server.address));
    const expected = {
      'a.b.test': 'c:80',
      'z.b.test': 'b:80',
      'z.test': 'a:80',
      'web.q': 'd:80',
      'web.x.y': 'e:80',
      other: 'block_all',
    };
    for (const host of Object.keys(expected)) link.ask('http', 80, host);
    await feed.until('answers', () => feed.hosts.size === 6);
    for (const [host, name] of Object.entries(expected)) {
      const service = feed.hosts.get(`http:80:${host}`);
      assert.equal(service?.kind === 'http' && service.virtualHost.name, name, host);
    }
    assert.equal(feed.indexes.get(80)?.data.catchAll, true);
  });

  it('sends a change of endpoints as that one cluster, and nothing when a push changes nothing', async () => {
    server.set(
      mesh([
        { host: REVIEWS, endpoints: [['127.0.0.1', 9081]] },
        { host: RATINGS, endpoints: [['127.0.0.1', 9082]] },
      ]),
    );
    const { link, feed } = await runLink(linkSettings(server.address));
    link.ask('http', 80, 'reviews');
    link.ask('http', 80, 'ratings');
    await feed.until('answers', () => feed.hosts.size === 2);
    feed.events.length = 0;
    // The same content once more, as istiod does with every full push.
    const stream = server.streams[0]!;
    const { requests } = stream;
    const before = requests.length;
    server.resend();
    await server.until('acknowledged', () => requests.length >= before + 3);
    server.set({
      endpoints: [
        endpoints(clusterName(REVIEWS), [['127.0.0.1', 9099]]),
        endpoints(clusterName(RATINGS), [['127.0.0.1', 9082]]),
      ],
    });
    await feed.until('change', () => feed.addresses(clusterName(REVIEWS))[0] === '127.0.0.1:9099');
    assert.deepEqual(feed.events, [`cluster ${clusterName(REVIEWS)}`]);
  });

  /** Of two services one is followed: it can leave, until its endpoints are unsubscribed, and come back. */
  async function reviewsBesideRatings() {
    const ratings = { host: RATINGS, endpoints: [['127.0.0.1', 9082]] as const };
    const both = mesh([{ host: REVIEWS, endpoints: [['127.0.0.1', 9081]] }, ratings]);
    server.set(both);
    const { link, feed } = await runLink(linkSettings(server.address));
    const reviews = () => feed.hosts.get('http:80:reviews');
    link.ask('http', 80, 'reviews');
    await feed.until('there', () => reviews() != null);
    const leave = async () => {
      server.set(mesh([ratings]));
      await feed.until('gone', () => reviews() === null && feed.clusters.size === 0);
      await server.until('unsubscribed', () => server.subscribed('endpoint').length === 0);
    };
    const comeBack = async () => {
      server.set(both);
      await feed.until('back', () => reviews() != null);
    };
    return { feed, leave, comeBack };
  }

  it('a host that vanishes becomes null, its cluster goes and its endpoints are unsubscribed; it may come back', async () => {
    const { feed, leave, comeBack } = await reviewsBesideRatings();
    for (let round = 0; round < 3; round++) {
      await leave();
      await comeBack();
      assert.deepEqual(feed.addresses(clusterName(REVIEWS)), ['127.0.0.1:9081']);
    }
  });

  it('an answer that was under way when its name was let go is not what the name gets when it is asked for again', async () => {
    const { feed, leave, comeBack } = await reviewsBesideRatings();
    const empty = pb.envoy.config.endpoint.v3.ClusterLoadAssignment.encode(
      endpoints(clusterName(REVIEWS), []),
    );
    const resource = { name: clusterName(REVIEWS), version: '', typeUrl: TYPE_URL.endpoint };
    const stale = [
      { resources: [{ ...resource, value: empty.finish() }], removedResources: [] },
      { resources: [], removedResources: [clusterName(REVIEWS)] },
    ];
    for (const late of stale) {
      await leave();
      const acknowledged = () => server.acks.filter(({ typeUrl }) => typeUrl === TYPE_URL.endpoint).length;
      const before = acknowledged();
      server.send(server.streams[0]!, { typeUrl: TYPE_URL.endpoint, ...late });
      await server.until('acknowledged', () => acknowledged() > before);
      await comeBack();
      assert.deepEqual(feed.addresses(clusterName(REVIEWS)), ['127.0.0.1:9081']);
    }
    assert.deepEqual(server.nacks, []);
  });

  it('follows a port that gets its first service later', async () => {
    server.set(mesh([{ host: REVIEWS, endpoints: [['127.0.0.1', 9081]] }]));
    const { link, feed } = await runLink(linkSettings(server.address));
    link.ask('http', 8080, 'ratings');
    await feed.until('null', () => feed.hosts.get('http:8080:ratings') === null);
    server.set(mesh([{ host: RATINGS, port: 8080, endpoints: [['127.0.0.1', 9082]] }]));
    await feed.until('there', () => feed.hosts.get('http:8080:ratings') != null);
    assert.deepEqual([...feed.ports!], [8080]);
  });

  it('makes before it breaks: a route moves only when the new cluster has its endpoints', async () => {
    const [v1, v2] = [clusterName(REVIEWS, 80, 'v1'), clusterName(REVIEWS, 80, 'v2')];
    const to = (name: string) => [routes(80, [virtualHost(REVIEWS, 80, [[name, 1]])])];
    const clusters = [edsCluster(v1), edsCluster(v2)];
    const assignments = [endpoints(v1, [['127.0.0.1', 1]]), endpoints(v2, [['127.0.0.1', 2]])];
    server.set({ clusters, routes: to(v1), endpoints: assignments });
    const { link, feed } = await runLink(linkSettings(server.address));
    link.ask('http', 80, 'reviews');
    await feed.until('first', () => feed.hosts.size === 1);
    feed.events.length = 0;
    server.mute.add('endpoint');
    server.set({ routes: to(v2) });
    await server.until('asked', () => server.subscribed('endpoint').includes(v2));
    assert.deepEqual(feed.events, []);
    server.mute.clear();
    server.push();
    await feed.until('old one gone', () => !feed.clusters.has(v1));
    assert.deepEqual(feed.events, [`cluster ${v2}`, 'host reviews', `removed ${v1}`]);
  });

  it('a host whose routes lead to PassthroughCluster or ORIGINAL_DST is not ours', async () => {
    const none = clusterName('direct.test');
    server.set({
      clusters: [originalDstCluster('PassthroughCluster'), originalDstCluster(none)],
      routes: [routes(80, [virtualHost('direct.test', 80, [[none, 1]])])],
    });
    const { link, feed } = await runLink(linkSettings(server.address));
    link.ask('http', 80, 'direct.test');
    link.ask('https', 80, 'direct.test');
    await feed.until('answers', () => feed.hosts.size === 2);
    assert.deepEqual([...feed.hosts.values()], [null, null]);
  });

  it('https: the cluster of the port, by full name, short name and wildcard; routes are not asked for', async () => {
    server.set({
      clusters: [
        edsCluster(clusterName(REVIEWS, 443)),
        staticCluster(clusterName('*.wild.test', 443), [['127.0.0.1', 3]]),
      ],
      endpoints: [endpoints(clusterName(REVIEWS, 443), [['127.0.0.1', 9443]])],
    });
    const { link, feed } = await runLink(linkSettings(server.address));
    const hosts = ['reviews', 'reviews.shop', 'reviews.shop.svc', REVIEWS, 'a.b.wild.test', 'else.test'];
    for (const host of hosts) link.ask('https', 443, host);
    await feed.until('answers', () => feed.hosts.size === hosts.length);
    const found = hosts.map((host) => {
      const service = feed.hosts.get(`https:443:${host}`);
      return service?.kind === 'tls' ? service.cluster : service;
    });
    const reviews = clusterName(REVIEWS, 443);
    assert.deepEqual(found, [reviews, reviews, reviews, reviews, clusterName('*.wild.test', 443), null]);
    assert.deepEqual(server.subscribed('route'), []);
  });

  it('resolves STRICT_DNS in the worker; a name that does not resolve has no endpoints', async () => {
    const [good, bad] = [clusterName('db.test'), clusterName('nowhere.test')];
    server.set({
      clusters: [dnsCluster(good, [['localhost', 5432]]), dnsCluster(bad, [['name.invalid', 1]])],
      routes: [routes(80, [virtualHost('db.test'), virtualHost('nowhere.test')])],
    });
    const { link, feed } = await runLink(linkSettings(server.address));
    link.ask('http', 80, 'db.test');
    link.ask('http', 80, 'nowhere.test');
    await feed.until('answers', () => feed.hosts.size === 2);
    assert.ok(feed.addresses(good).includes('127.0.0.1:5432'), String(feed.addresses(good)));
    assert.equal(feed.clusters.get(good)?.endpoints.localities[0]?.endpoints[0]?.hostname, 'localhost');
    assert.deepEqual(feed.addresses(bad), []);
  });

  it('a catch-all that changes from allow_any to block_all makes every host ours, and back', async () => {
    const { clusters } = mesh([{ host: REVIEWS, endpoints: [] }]);
    const policy = (name: 'allow_any' | 'block_all') =>
      server.set({ clusters, routes: [routes(80, [], name)] });
    policy('allow_any');
    const { link, feed } = await runLink(linkSettings(server.address));
    link.ask('http', 80, 'example.com');
    await feed.until('null', () => feed.hosts.get('http:80:example.com') === null);
    policy('block_all');
    await feed.until('ours', () => feed.hosts.get('http:80:example.com') != null);
    assert.equal(feed.indexes.get(80)?.data.catchAll, true);
    policy('allow_any');
    await feed.until('null again', () => feed.hosts.get('http:80:example.com') === null);
    assert.equal(feed.indexes.get(80)?.data.catchAll, false);
  });
});
