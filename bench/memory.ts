import { cleanEnvironment, isSkipped, nodeVersion, startIstiod } from '../lab';
import { type Bench, median, type Row } from './row';
import { program, serviceEntry, startBackend, underPreload } from './support';

interface Memory {
  rss: number;
  statuses: (number | string)[];
  delayMax: number;
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
          const bare = await program<Memory>('memory', bareUrls, cleanEnvironment(), node);
          const ours = await program<Memory>('memory', urls, underPreload(istiod.xdsAddress), node);
          expectAll200(ours);
          differences.push((ours.rss - bare.rss) / MIB);
          managed.push(ours.rss / MIB);
        }
        withFew.set(line, median(managed));
        rows.push(row(`memory, link up, 10 services, Node ${line}`, median(differences), budget));
      }
      const many = Array.from({ length: 9_990 }, (_, i) => serviceEntry(`bulk-${i}`, backend.port));
      await istiod.write('bulk.yaml', many.join('---\n'));
      await untilServed(istiod.xdsAddress, 'http://bulk-9989/');
      const crowded: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const ours = await program<Memory>('memory', urls, underPreload(istiod.xdsAddress));
        expectAll200(ours);
        crowded.push(ours.rss / MIB);
      }
      rows.push(
        row('memory among 10,000 services, over 10, Node 20', median(crowded) - (withFew.get(20) ?? 0), 64),
      );
      return rows;
    } finally {
      await istiod.stop();
      await backend.stop();
    }
  },
};

function row(what: string, mib: number, budget: number): Row {
  return { what, measured: `${mib.toFixed(0)} MiB`, budget: `≤ ${budget} MiB`, within: mib <= budget };
}

function expectAll200(result: Memory): void {
  const wrong = result.statuses.find((status) => status !== 200);
  if (wrong !== undefined) throw new Error(`a call among the measured ones ended with ${wrong}`);
}

/** istiod reads ten thousand objects in some seconds; a fresh process that reaches the last one proves it has. */
async function untilServed(xdsAddress: string, url: string): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    const { statuses } = await program<Memory>('memory', [url], underPreload(xdsAddress));
    if (statuses[0] === 200) return;
  }
  throw new Error(`istiod did not serve ${url}`);
}
