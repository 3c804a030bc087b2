import { setTimeout as pause } from 'node:timers/promises';
import { type Istiod, isSkipped, LabProcess, nodeVersion, startIstiod } from '../lab';
import { TYPE_URL } from '../src/xds';
import { sidecarNode, XdsClient } from '../test/support/xds-client';
import { type Bench, median, type Row } from './row';
import { programFile, serviceEntry, startBackend, underPreload } from './support';

const CHANGES = 11;
const FRESH_MS = 20;
const SERVICES = 10_000;
const IN_USE = 100;
const BLOCKED_MS = 5;
const HOST = 'go-sc-b.default.svc.cluster.local';

/** How soon a change counts, and how long a big one stops the application. */
export const push: Bench = {
  name: 'push',
  async run() {
    const node = await nodeVersion(24);
    if (isSkipped(node)) return node;
    const istiod = await startIstiod({ files: {} });
    if (isSkipped(istiod)) return istiod;
    try {
      return [await freshness(istiod), await blocking(istiod, node)];
    } finally {
      await istiod.stop();
    }
  },
};

/**
 * An endpoint moves. From the moment a bare client has istiod's push to the start of the first call that goes to
 * the new one; the median of some.
 */
async function freshness(istiod: Istiod): Promise<Row> {
  const backends = [await startBackend('a'), await startBackend('b')] as const;
  await istiod.write('b.yaml', serviceEntry('go-sc-b', backends[0].port));
  let caller: LabProcess | undefined;
  const bare = new XdsClient(istiod.xdsAddress, sidecarNode({ namespace: 'default' }));
  const cluster = `outbound|80||${HOST}`;
  try {
    bare.subscribe(TYPE_URL.cluster);
    // istiod takes a moment to read its files, and a call that is not the mesh's yet is not answered.
    await bare.until(() => bare.resources(TYPE_URL.cluster).has(cluster), 'the cluster');
    bare.subscribe(TYPE_URL.endpoint, [cluster]);
    const endpoints = () => bare.resources(TYPE_URL.endpoint).get(cluster);
    await bare.until(() => endpoints() !== undefined, 'endpoints');
    caller = new LabProcess('follow', process.execPath, [programFile('follow'), `http://${HOST}/`], {
      env: underPreload(istiod.xdsAddress),
      ipc: true,
    });
    await caller.message(isAnswer);
    const after: number[] = [];
    for (let change = 1; change <= CHANGES; change++) {
      const before = endpoints();
      const answer = caller.message(isAnswer);
      await istiod.write('b.yaml', serviceEntry('go-sc-b', backends[change % 2]!.port));
      await bare.until(() => endpoints() !== before, 'new endpoints');
      const pushedAt = performance.timeOrigin + performance.now();
      after.push((await answer).sentAt - pushedAt);
    }
    const ms = median(after);
    return {
      what: 'endpoint change pushed by istiod → used by the next call',
      measured: `${ms.toFixed(1)} ms`,
      budget: `≤ ${FRESH_MS} ms`,
      within: ms <= FRESH_MS,
    };
  } finally {
    bare.close();
    await caller?.kill();
    for (const backend of backends) await backend.stop();
  }
}

/** Ten thousand services come, then every cluster, every endpoint and every name changes, under calls to a hundred. */
async function blocking(istiod: Istiod, node: string): Promise<Row> {
  const backends = [await startBackend(), await startBackend()] as const;
  const services = (count: number, port: number, suffix = '') =>
    Array.from({ length: count }, (_, i) =>
      serviceEntry(i < IN_USE ? `svc-${i}` : `svc-${i}${suffix}`, port),
    ).join('---\n');
  const all = 'services.yaml';
  await istiod.write(all, services(IN_USE, backends[0].port));
  const urls = Array.from({ length: IN_USE }, (_, i) => `http://svc-${i}/`);
  let caller: LabProcess | undefined;
  const watcher = new XdsClient(istiod.xdsAddress, sidecarNode({ namespace: 'default' }));
  try {
    watcher.subscribe(TYPE_URL.cluster);
    watcher.subscribe(TYPE_URL.route, ['80']);
    const last = `outbound|80||svc-${IN_USE - 1}.default.svc.cluster.local`;
    await watcher.until(() => watcher.resources(TYPE_URL.cluster).has(last), 'the services');
    caller = new LabProcess('busy', node, [programFile('busy'), ...urls], {
      env: underPreload(istiod.xdsAddress),
      ipc: true,
    });
    await caller.message((message): message is string => message === 'ready');
    caller.child.send('watch');
    const pushed = async (change: () => Promise<void>): Promise<void> => {
      const before = watcher.responses.length;
      await change();
      await watcher.until(() => watcher.responses.length > before, 'push', 60_000);
      // For the rest of the push, and for the worker to hand it over.
      await pause(4000);
    };
    await pushed(() => istiod.write(all, services(SERVICES, backends[0].port)));
    await pushed(() => istiod.write('rule.yaml', EVERY_CLUSTER));
    await pushed(() => istiod.write(all, services(SERVICES, backends[1].port, '-renamed')));
    const answer = caller.message(isReport);
    caller.child.send('report');
    const { longest, failed } = await answer;
    if (failed > 0) throw new Error(`${failed} calls failed`);
    return {
      what: `longest stretch of the main thread, pushes of ${SERVICES} services, ${IN_USE} in use, Node 24`,
      measured: `${longest.toFixed(1)} ms`,
      budget: `≤ ${BLOCKED_MS} ms`,
      within: longest <= BLOCKED_MS,
    };
  } finally {
    watcher.close();
    await caller?.kill();
    for (const backend of backends) await backend.stop();
  }
}

const EVERY_CLUSTER = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: all, namespace: default }
spec:
  host: "*.default.svc.cluster.local"
  trafficPolicy: { connectionPool: { tcp: { connectTimeout: 3s } }, loadBalancer: { simple: RANDOM } }
`;

function isAnswer(message: unknown): message is { body: string; sentAt: number } {
  return typeof (message as { sentAt?: unknown }).sentAt === 'number';
}

function isReport(message: unknown): message is { longest: number; failed: number } {
  return typeof (message as { longest?: unknown }).longest === 'number';
}
