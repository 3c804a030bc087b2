import assert from 'node:assert/strict';
import * as broken from '../../../fixtures/recorded/xds/broken';
import { pb } from '../../../src/xds';
import {
  type AdsServer,
  clusterName,
  edsCluster,
  endpoints,
  mesh,
  type ResourceType,
  routes,
  virtualHost,
} from '../../support/ads-server';
import { controlPlaneForEach, linkSettings, runLink } from '../../support/link-harness';
import { seededRandom } from '../../support/seeded-random';

const GOOD = 'good.test';
const BAD = 'bad.test';
const TYPES: readonly ResourceType[] = ['cluster', 'route', 'endpoint'];

describe('link: broken resources', () => {
  let server: AdsServer;
  controlPlaneForEach((started) => {
    server = started;
    server.set(mesh([{ host: GOOD, endpoints: [['127.0.0.1', 1]] }]));
  });

  /** A link that follows a good host, and proof that it still does. */
  async function follow() {
    const run = await runLink(linkSettings(server.address));
    run.link.ask('http', 80, GOOD);
    run.link.ask('http', 80, BAD);
    await run.feed.until('answers', () => run.feed.hosts.size === 2);
    let port = 1;
    const works = async () => {
      const to = ++port;
      server.set({ endpoints: [endpoints(clusterName(GOOD), [['127.0.0.1', to]])] });
      await run.feed.until(
        'still works',
        () => run.feed.addresses(clusterName(GOOD))[0] === `127.0.0.1:${to}`,
      );
      assert.equal(run.feed.state, 'up');
      const defects = run.log.lines.filter(({ event }) => event === 'link.defect' || event === 'link.worker');
      assert.deepEqual(defects, []);
    };
    return { ...run, works };
  }

  it('each broken cluster is refused by name and reason, and the others go on', async () => {
    const { works } = await follow();
    for (const { name, bytes, why } of broken.brokenClusters()) {
      const before = server.nacks.length;
      server.setRaw('cluster', clusterName(BAD), bytes);
      await server.until(`NACK of ${name}`, () => server.nacks.length > before);
      const { message } = server.nacks.at(-1)!.errorDetail!;
      assert.match(message, why, name);
      assert.ok(message.includes(clusterName(BAD)), message);
    }
    await works();
  }).timeout(30_000);

  it('each broken load assignment is refused, the cluster has no endpoints and the others go on', async () => {
    const name = clusterName(BAD);
    server.set({
      clusters: [edsCluster(clusterName(GOOD)), edsCluster(name)],
      routes: [routes(80, [virtualHost(GOOD), virtualHost(BAD)])],
      endpoints: [endpoints(clusterName(GOOD), [['127.0.0.1', 1]])],
    });
    const corpus = broken.brokenLoadAssignments();
    // The first news of the cluster is already broken: its host is answered all the same, without a wait.
    server.setRaw('endpoint', name, corpus[0]!.bytes);
    const { works, feed } = await follow();
    assert.match(server.nacks.at(-1)!.errorDetail!.message, corpus[0]!.why);
    for (const { name: what, bytes, why } of corpus.slice(1)) {
      const before = server.nacks.length;
      server.setRaw('endpoint', name, bytes);
      await server.until(`NACK of ${what}`, () => server.nacks.length > before);
      assert.match(server.nacks.at(-1)!.errorDetail!.message, why, what);
    }
    assert.deepEqual(feed.addresses(name), []);
    await works();
  }).timeout(30_000);

  it('each broken route configuration is refused and the one before stays in use', async () => {
    const { works, feed } = await follow();
    for (const { name, bytes, why } of broken.brokenRouteConfigurations()) {
      const before = server.nacks.length;
      server.setRaw('route', '80', bytes);
      await server.until(`NACK of ${name}`, () => server.nacks.length > before);
      assert.match(server.nacks.at(-1)!.errorDetail!.message, why, name);
    }
    assert.ok(feed.hosts.get(`http:80:${GOOD}`));
    await works();
  }).timeout(30_000);

  it('each unusable route is left out and reported; the other routes and hosts go on', async () => {
    const { works, feed, link } = await follow();
    for (const { name, bytes } of broken.unusableRoutes()) {
      const bad = broken.virtualHostOf(`${BAD}:80`, [BAD], [bytes, broken.routeToMissingCluster()]);
      const good = broken.virtualHostOf(`${GOOD}:80`, [GOOD], [broken.routeToMissingCluster()]);
      server.setRaw('route', '80', broken.routeConfigurationOf('80', [good, bad]));
      const left = () => {
        const service = feed.hosts.get(`http:80:${BAD}`);
        return service?.kind === 'http' && service.virtualHost.routes.length === 1;
      };
      await feed.until(`route left out: ${name}`, left);
      await feed.until('reported', () => link.unsupported().some(({ resource }) => resource.includes(BAD)));
      server.set({ routes: [routes(80, [virtualHost(GOOD)])] });
      await feed.until('gone', () => feed.hosts.get(`http:80:${BAD}`) === null);
    }
    assert.deepEqual(server.nacks, []);
    await works();
  }).timeout(60_000);

  it('random bytes, truncated and flipped resources of every type: nothing throws, the good one goes on', async () => {
    const random = seededRandom(7);
    const { works, feed } = await follow();
    const { Cluster } = pb.envoy.config.cluster.v3;
    const { RouteConfiguration } = pb.envoy.config.route.v3;
    const { ClusterLoadAssignment } = pb.envoy.config.endpoint.v3;
    const good: Record<ResourceType, Uint8Array> = {
      cluster: Cluster.encode(edsCluster(clusterName(BAD))).finish(),
      route: RouteConfiguration.encode(routes(8080, [virtualHost(BAD, 8080)])).finish(),
      endpoint: ClusterLoadAssignment.encode(endpoints(clusterName(BAD), [['127.0.0.1', 5]])).finish(),
    };
    for (let round = 0; round < 150; round++) {
      const type = TYPES[Math.floor(random() * 3)]!;
      const name = type === 'route' ? '8080' : clusterName(BAD);
      server.setRaw(type, name, damaged(good[type], random));
    }
    await works();
    assert.ok(feed.hosts.has(`http:80:${BAD}`));
  }).timeout(30_000);

  it('responses that lie about type, name or nonce do no harm', async () => {
    const { works, feed } = await follow();
    const [record] = server.streams;
    const cluster = { typeUrl: 'type.googleapis.com/envoy.config.cluster.v3.Cluster', removedResources: [] };
    const value = Buffer.from([1, 2, 3]);
    server.send(record!, { ...cluster, resources: [{ name: 'x', version: '', typeUrl: 'other', value }] });
    server.send(record!, { ...cluster, resources: [{ name: '', version: '', typeUrl: '', value }] });
    server.send(record!, { ...cluster, resources: [], removedResources: ['never', 'seen', ''] });
    server.send(record!, { typeUrl: 'type.googleapis.com/unknown', resources: [], removedResources: [] });
    await works();
    assert.ok(feed.hosts.get(`http:80:${GOOD}`));
    assert.ok(!server.streams[0]!.requests.some(({ typeUrl }) => typeUrl.endsWith('unknown')));
  });
});

/** Random bytes, or a good resource cut short or with bits turned. */
function damaged(good: Uint8Array, random: () => number): Uint8Array {
  const kind = random();
  if (kind < 0.3)
    return Buffer.from(Array.from({ length: 1 + Math.floor(random() * 200) }, () => random() * 256));
  if (kind < 0.6) return good.subarray(0, Math.floor(random() * good.length));
  const bytes = Buffer.from(good);
  for (let flips = 0; flips < 3; flips++) {
    const at = Math.floor(random() * bytes.length);
    bytes[at] = bytes[at]! ^ (1 << Math.floor(random() * 8));
  }
  return bytes;
}
