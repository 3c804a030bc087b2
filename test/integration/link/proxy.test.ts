import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type AdsServer, clusterName, endpoints, mesh } from '../../support/ads-server';
import { bundled } from '../../support/bundle';
import { controlPlaneForEach, linkSettings, runLink } from '../../support/link-harness';

const REVIEWS = 'reviews.shop.svc.cluster.local';

/** An application's worker thread: asks through the proxy, reports each state of its model. */
const SOURCE = `
import { parentPort } from 'node:worker_threads';
import { createLinkProxy } from './src/link';
const clusters = new Map(), hosts = new Map();
let state = 'idle', ports = [], index = false;
const tell = () => parentPort.postMessage({ state, ports, index, hosts: [...hosts], clusters: [...clusters] });
const feed = createLinkProxy({ log: { line: () => undefined } });
feed.listen({
  onState: (s) => { state = s; tell(); },
  onClusterPorts: (p) => { ports = [...p]; tell(); },
  onPortIndex: (port, i) => { index = i.mayHold('reviews') && !i.mayHold('nobody.test'); tell(); },
  onHost: (scheme, port, host, service) => { hosts.set(host, service && service.kind); tell(); },
  onClusters: (changed, removed) => {
    for (const { cluster, endpoints } of changed) clusters.set(cluster.name, endpoints.localities.flatMap((l) => l.endpoints.map((e) => e.port)));
    for (const name of removed) clusters.delete(name);
    tell();
  },
});
feed.start();
feed.ask('http', 80, 'reviews');
parentPort.once('message', () => parentPort.close());
`;

interface Seen {
  readonly state: string;
  readonly ports: number[];
  readonly index: boolean;
  readonly hosts: [string, string | null][];
  readonly clusters: [string, number[]][];
}

describe('link: worker threads of the application', () => {
  let server: AdsServer;
  let file: string;
  before(async () => {
    file = await bundled('link-proxy-worker', SOURCE);
  });
  controlPlaneForEach((started) => {
    server = started;
    server.set(mesh([{ host: REVIEWS, endpoints: [['127.0.0.1', 9081]] }]));
  });

  /** Waits for a state of the worker's model. */
  async function until(worker: Worker, holds: (seen: Seen) => boolean): Promise<Seen> {
    for (;;) {
      const [seen] = (await once(worker, 'message')) as [Seen];
      if (holds(seen)) return seen;
    }
  }

  it("share the main thread's link: one stream for all, each with the whole answer and its changes", async () => {
    const { link, feed } = await runLink(linkSettings(server.address));
    const workers = [new Worker(file), new Worker(file)];
    const complete = (port: number) => (seen: Seen) =>
      seen.hosts.length === 1 && seen.clusters[0]?.[1][0] === port;
    const seen = await Promise.all(workers.map((worker) => until(worker, complete(9081))));
    for (const each of seen) {
      assert.deepEqual(each.hosts, [['reviews', 'http']]);
      assert.deepEqual([each.state, each.ports, each.index], ['up', [80], true]);
    }
    server.set({ endpoints: [endpoints(clusterName(REVIEWS), [['127.0.0.1', 9082]])] });
    await Promise.all(workers.map((worker) => until(worker, complete(9082))));
    assert.equal(server.streams.length, 1);
    link.ask('http', 80, 'reviews');
    await feed.until('the main thread too', () => feed.hosts.size === 1);
    const ends = workers.map((worker) => once(worker, 'exit'));
    // Closing its own port is all that the worker does to end: the proxy does not hold it.
    for (const worker of workers) worker.postMessage('end');
    assert.deepEqual((await Promise.all(ends)).flat(), [0, 0]);
  });
});
