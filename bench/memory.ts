import { cleanEnvironment, isSkipped, nodeVersion, startIstiod } from '../lab';
import { type Bench, median, type Row } from './row';
import { program, serviceEntry, startBackend, underPreload } from './support';

interface Memory {
  rss: number;
  statuses: (number | string)[];
}

const MIB = 1024 * 1024;
const ROUNDS = 3;

/** Memory with the link up, ten services used, over the same program without us; then among ten thousand. */
export const memory: Bench = {
  name: 'memory',
  async run() {
    const backend = await startBackend();
    const few = Array.from({ length: 10 }, (_, i) => serviceEntry(`svc-${i}`, backend.port));
    const istiod = await startIstiod({ files: { 'services.yaml': few.join('---\n') } });
    if (isSkipped(istiod)) return istiod;
    try {
      const rows: Row[] = [];
      const urls = few.map((_, i) => `http://svc-${i}/`);
      const bareUrls = few.map(() => `http://127.0.0.1:${backend.port}/`);
      const withFew = new Map<number, number>();
      for (const [line, budget] of [
        [20, 40],
        [24, 55],
      ] as const) {
        const node = await nodeVersion(line);
        if (isSkipped(node)) return node;
        const differences: number[] = [];
        const managed: number[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          const { bare, ours } = await measureMemory(node, istiod.xdsAddress, urls, bareUrls);
          differences.push(ours - bare);
          managed.push(ours);
        }
        withFew.set(line, median(managed));
        rows.push(row(`memory, link up, 10 services, Node ${line}`, median(differences), budget));
      }
      const many = Array.from({ length: 9_990 }, (_, i) => serviceEntry(`bulk-${i}`, backend.port));
      await istiod.write('bulk.yaml', many.join('---\n'));
      await untilServed(istiod.xdsAddress, 'http://bulk-9989/');
      for (const [line, few] of withFew) {
        const node = await nodeVersion(line);
        if (isSkipped(node)) return node;
        const crowded: number[] = [];
        for (let round = 0; round < ROUNDS; round++)
          crowded.push(await residentMemory(urls, underPreload(istiod.xdsAddress), node));
        rows.push(row(`memory among 10,000 services, over 10, Node ${line}`, median(crowded) - few, 64));
      }
      return rows;
    } finally {
      await istiod.stop();
      await backend.stop();
    }
  },
};

/** MiB of the same program without us, calling `bareUrls`, and with us, calling `urls`. */
export async function measureMemory(
  node: string,
  xdsAddress: string,
  urls: readonly string[],
  bareUrls: readonly string[],
): Promise<{ readonly bare: number; readonly ours: number }> {
  const bare = await residentMemory(bareUrls, cleanEnvironment(), node);
  return { bare, ours: await residentMemory(urls, underPreload(xdsAddress), node) };
}

/** MiB, once the garbage of the start is gone. */
async function residentMemory(
  urls: readonly string[],
  env: NodeJS.ProcessEnv,
  node: string,
): Promise<number> {
  const { rss, statuses } = await program<Memory>('memory', urls, env, node);
  const wrong = statuses.find((status) => status !== 200);
  if (wrong !== undefined) throw new Error(`a call among the measured ones ended with ${wrong}`);
  return rss / MIB;
}

function row(what: string, mib: number, budget: number): Row {
  return { what, measured: `${mib.toFixed(0)} MiB`, budget: `≤ ${budget} MiB`, within: mib <= budget };
}

/** istiod reads ten thousand objects in some seconds; a fresh process that reaches the last one proves it has. */
async function untilServed(xdsAddress: string, url: string): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    const { statuses } = await program<Memory>('memory', [url], underPreload(xdsAddress));
    if (statuses[0] === 200) return;
  }
  throw new Error(`istiod did not serve ${url}`);
}
