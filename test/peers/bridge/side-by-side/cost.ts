/** What following costs: CPU time of each process while instances change, with nobody following and with either. */

import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { NacosWire } from '../../../support/nacos-wire';
import { markdownTable } from '../../../support/registries/latency-table';
import { bridgeSettings, type Mesh, PORT, type Worlds } from './worlds';

const SERVICES = 100;
const INSTANCES = 5;
const PER_SECOND = 10;
/** After the last change, for what is collected until the next look. */
const TAIL_MS = 4000;
const PATIENCE_MS = 60_000;
/** Linux counts CPU time in hundredths of a second, whatever the kernel's own clock. */
const TICK_MS = 10;

let run = 0;

interface Spent {
  readonly nacos: number;
  readonly bridge: number;
  readonly istiod: number;
}

/** Who follows Nacos while it is measured. */
interface Follower {
  readonly title: string;
  readonly by?: 'nacosIstio' | 'ours';
  /** Of the bridge. */
  readonly minPushIntervalMs?: number;
}

const FOLLOWERS: readonly Follower[] = [
  { title: 'nobody' },
  { title: 'nacos-istio', by: 'nacosIstio' },
  { title: 'bridge', by: 'ours', minPushIntervalMs: 100 },
  // As seldom as nacos-istio.
  { title: 'bridge, `minPushIntervalMs: 3000`', by: 'ours', minPushIntervalMs: 3000 },
];

/** Prints seconds of CPU time, for `seconds` of changes in each of `rounds`. Leaves the meshes as they happen to be. */
export async function costTable(worlds: Worlds, seconds: number, rounds: number): Promise<string> {
  const publisher = await NacosWire.open(`127.0.0.1:${worlds.nacos.grpcPort}`);
  const spent = new Map<Follower, Spent[]>();
  try {
    for (let service = 0; service < SERVICES; service++) await publish(publisher, service, 1);
    for (const { sidecar, cluster } of clusters(worlds)) sidecar.watch(cluster);
    await change(publisher, seconds);
    for (let round = 0; round < rounds; round++) {
      // There and back: what the servers learn to do faster meanwhile favours nobody.
      for (const follower of round % 2 === 0 ? FOLLOWERS : [...FOLLOWERS].reverse()) {
        await onlyFollower(worlds, follower);
        const before = now(worlds, follower);
        await change(publisher, seconds);
        await pause(TAIL_MS);
        const after = now(worlds, follower);
        spent.set(follower, [...(spent.get(follower) ?? []), difference(after, before)]);
      }
    }
  } finally {
    publisher.close();
  }
  return text(spent, seconds);
}

function clusters({ nacosIstio, ours }: Worlds) {
  return names().flatMap((service) =>
    [nacosIstio, ours].map((mesh) => ({ sidecar: mesh.sidecar, cluster: mesh.cluster(service) })),
  );
}

/** Ends and starts what is needed, and waits until the sidecar has all services. */
async function onlyFollower(worlds: Worlds, { title, by, minPushIntervalMs }: Follower): Promise<void> {
  const { nacosIstio, ours, bridge } = worlds;
  await Promise.all([nacosIstio.istiod.terminate(), ours.istiod.terminate(), bridge.terminate()]);
  if (!by) return;
  if (by === 'ours') {
    await bridge.configure({
      ...bridgeSettings(worlds.nacos, {}),
      mcp: { listen: bridge.mcpAddress, minPushIntervalMs },
    });
    await bridge.start();
  }
  const mesh = worlds[by];
  // What the sidecar knows is from the istiod before; only news shows that this one has it, too.
  const heard = mesh.sidecar.received.length;
  await mesh.istiod.restart();
  const isWhole = () => {
    const fresh = new Set(mesh.sidecar.received.slice(heard));
    return names().every((service) => fresh.has(mesh.cluster(service)) && isComplete(mesh, service));
  };
  await mesh.sidecar.until(`all services by ${title}`, isWhole, PATIENCE_MS);
}

function isComplete(mesh: Mesh, service: string): boolean {
  return mesh.sidecar.endpoints(mesh.cluster(service)).length === INSTANCES;
}

/** One service after another gets another weight for its first instance. */
async function change(publisher: NacosWire, seconds: number): Promise<void> {
  const began = performance.now();
  // No weight twice in a row, not even from phase to phase.
  run++;
  for (let i = 0; i < seconds * PER_SECOND; i++) {
    const due = began + (i * 1000) / PER_SECOND;
    await pause(Math.max(0, due - performance.now()));
    await publish(publisher, i % SERVICES, 2 + 10 * run + Math.floor(i / SERVICES));
  }
}

/** All instances of the service: a connection has one publication for each. */
async function publish(publisher: NacosWire, service: number, weight: number): Promise<void> {
  const instances = Array.from({ length: INSTANCES }, (_unused, i) => ({
    ...{ ip: `10.5.${service}.${i + 1}`, port: PORT, weight: i === 0 ? weight : 1 },
    ...{ healthy: true, enabled: true, ephemeral: true, clusterName: 'DEFAULT', metadata: {} },
  }));
  const { body } = await publisher.request('BatchInstanceRequest', {
    ...{ namespace: 'public', groupName: 'DEFAULT_GROUP', serviceName: name(service) },
    ...{ type: 'batchRegisterInstance', instances },
  });
  if (body['resultCode'] !== 200) throw new Error(JSON.stringify(body));
}

function names(): string[] {
  return Array.from({ length: SERVICES }, (_unused, service) => name(service));
}

function name(service: number): string {
  return `cost-${service}`;
}

function now(worlds: Worlds, { by }: Follower): Spent {
  return {
    nacos: cpuMs(worlds.nacos.pid),
    bridge: by === 'ours' ? cpuMs(worlds.bridge.pid) : 0,
    istiod: by ? cpuMs(worlds[by].istiod.pid) : 0,
  };
}

function difference(after: Spent, before: Spent): Spent {
  return {
    nacos: after.nacos - before.nacos,
    bridge: after.bridge - before.bridge,
    istiod: after.istiod - before.istiod,
  };
}

/** User and system time of a process so far. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name before may hold anything, spaces too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function text(spent: ReadonlyMap<Follower, readonly Spent[]>, seconds: number): string {
  const mean = (follower: Follower, of: keyof Spent) => {
    const all = spent.get(follower) ?? [];
    return all.reduce((sum, each) => sum + each[of], 0) / all.length / 1000;
  };
  const show = (each: number) => (each === 0 ? '–' : each.toFixed(2));
  const rows = FOLLOWERS.map((follower) => {
    const nacos = mean(follower, 'nacos');
    const over = follower.by ? nacos - mean(FOLLOWERS[0]!, 'nacos') : 0;
    return [
      follower.title,
      nacos.toFixed(2),
      show(over),
      show(mean(follower, 'bridge')),
      show(mean(follower, 'istiod')),
    ];
  });
  const head = [
    `CPU seconds for ${seconds * PER_SECOND} changes in ${seconds} s`,
    ...['Nacos', 'over nobody', 'bridge', 'istiod'],
  ];
  return markdownTable(head, rows);
}
