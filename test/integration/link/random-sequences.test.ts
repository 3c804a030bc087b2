import assert from 'node:assert/strict';
import type { Ask } from '../../../src/link/protocol';
import {
  AdsServer,
  type ClusterMessage,
  clusterName,
  type EndpointsMessage,
  edsCluster,
  endpoints,
  originalDstCluster,
  routes,
  staticCluster,
  type VirtualHostMessage,
  virtualHost,
} from '../../support/ads-server';
import { feedModel, modelDifferences } from '../../support/feed-model';
import { linkSettings, runLink, stopLinks } from '../../support/link-harness';
import { linkInProcess } from '../../support/link-in-process';
import { seededRandom } from '../../support/seeded-random';

const SEQUENCES = 200;
const SEED = 20261121;
const PORTS = [80, 8080];
const HOSTS = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name}.shop.svc.cluster.local`);

const ASKS: readonly Ask[] = [
  ...PORTS.flatMap((port) => HOSTS.map((host) => ({ scheme: 'http' as const, port, host }))),
  ...HOSTS.map((host) => ({ scheme: 'https' as const, port: 80, host })),
  { scheme: 'http', port: 80, host: 'a' },
  { scheme: 'http', port: 80, host: 'stranger.test' },
];

/** One service of the mesh as the sequences change it. */
interface Service {
  endpoints: [string, number][];
  /** Other services its route shares calls with. */
  also: string[];
  mirror: string | undefined;
  kind: 'eds' | 'static' | 'original-dst';
}

describe('link: a model that was changed at random equals the one of a fresh subscription', () => {
  let server: AdsServer;
  before(async () => {
    server = await new AdsServer().start();
  });
  after(async () => {
    await stopLinks();
    server.stop();
  });

  it(`${SEQUENCES} sequences of add, change, delete, re-add of services, routes and endpoints`, async () => {
    const random = seededRandom(SEED);
    const below = (n: number) => Math.floor(random() * n);
    const pick = <T>(list: readonly T[]) => list[below(list.length)]!;
    const services = new Map<string, Service>();
    const deleted = new Map<string, Service>();
    const key = () => `${pick(HOSTS)}:${pick(PORTS)}`;
    const { link, feed } = await runLink(linkSettings(server.address));
    for (const { scheme, port, host } of ASKS) link.ask(scheme, port, host);

    const steps: Record<string, () => void> = {
      add: () => {
        const name = key();
        const kind = pick(['eds', 'eds', 'eds', 'static', 'original-dst'] as const);
        services.set(
          name,
          deleted.get(name) ?? {
            endpoints: [['127.0.0.1', 9000 + below(99)]],
            also: [],
            mirror: undefined,
            kind,
          },
        );
      },
      delete: () => {
        const name = key();
        const service = services.get(name);
        if (service) deleted.set(name, service);
        services.delete(name);
      },
      endpoints: () => {
        const service = services.get(key());
        if (service)
          service.endpoints = Array.from({ length: below(4) }, () => ['127.0.0.1', 9000 + below(99)]);
      },
      route: () => {
        const service = services.get(key());
        // Also names that may not exist: a route to a cluster that is not there.
        if (service) service.also = Array.from({ length: below(3) }, key);
        if (service) service.mirror = random() < 0.3 ? key() : undefined;
      },
      stream: () => server.endStreams(),
      resend: () => server.resend(),
    };
    const weighted = ['add', 'add', 'add', 'delete', 'delete', 'endpoints', 'endpoints', 'route', 'route'];
    for (let sequence = 0; sequence < SEQUENCES; sequence++) {
      const count = 1 + below(10);
      for (let step = 0; step < count; step++) {
        steps[random() < 0.03 ? pick(['stream', 'resend']) : pick(weighted)]!();
        const only = random() < 0.2 ? [pick(['cluster', 'route', 'endpoint'] as const)] : undefined;
        server.set(render(services), only ? { only } : {});
        if (random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
      }
      server.push();
      const fresh = linkInProcess(server.address, ASKS);
      try {
        await fresh.feed.until('answers', () => fresh.feed.hosts.size === ASKS.length);
        const expected = feedModel(fresh.feed, ASKS);
        await feed
          .until(
            'the same model',
            () => JSON.stringify(feedModel(feed, ASKS)) === JSON.stringify(expected),
            5_000,
          )
          .catch(() =>
            assert.fail(
              `sequence ${sequence} of seed ${SEED}: ${modelDifferences(feedModel(feed, ASKS), expected).join('\n')}`,
            ),
          );
      } finally {
        fresh.stop();
      }
    }
  }).timeout(120_000);
});

/** The whole mesh as istiod would say it. */
function render(services: ReadonlyMap<string, Service>) {
  const clusters: ClusterMessage[] = [originalDstCluster('PassthroughCluster')];
  const assignments: EndpointsMessage[] = [];
  const hosts = new Map<number, VirtualHostMessage[]>(PORTS.map((port) => [port, []]));
  const nameOf = (key: string) => clusterName(key.split(':')[0]!, Number(key.split(':')[1]));
  for (const [key, service] of services) {
    const [host, port] = [key.split(':')[0]!, Number(key.split(':')[1])];
    const name = nameOf(key);
    if (service.kind === 'eds') {
      clusters.push(edsCluster(name));
      assignments.push(endpoints(name, service.endpoints));
    } else {
      clusters.push(
        service.kind === 'static' ? staticCluster(name, service.endpoints) : originalDstCluster(name),
      );
    }
    const shares = [...new Set([name, ...service.also.map(nameOf)])].map((share) => [share, 1] as const);
    const made = virtualHost(host, port, shares);
    if (service.mirror) made.routes![0]!.route!.requestMirrorPolicies = [{ cluster: nameOf(service.mirror) }];
    hosts.get(port)!.push(made);
  }
  return { clusters, endpoints: assignments, routes: [...hosts].map(([port, list]) => routes(port, list)) };
}
