import { isSkipped, nodeVersion, startIstiod } from '../lab';
import type { Bench, Row } from './row';
import { program, programFile, serviceEntry, underPreload } from './support';

const BUDGET_NS = 1000;
/** For the link to come up and to answer. */
const SETTLE_MS = 1500;
/** Every way in which a call can be none of ours. */
const CALLS = [
  'http://example.org/',
  'http://example.org:8080/',
  'http://10.1.2.3/',
  'http://localhost:3000/',
] as const;

/** The wrapper of a call that is not ours, over an original that does nothing; the slowest kind of call counts. */
export const wrapper: Bench = {
  name: 'wrapper',
  async run() {
    const istiod = await startIstiod({ files: { 'b.yaml': serviceEntry('go-sc-b', 1) } });
    if (isSkipped(istiod)) return istiod;
    try {
      const rows: Row[] = [];
      for (const line of [20, 24]) {
        const node = await nodeVersion(line);
        if (isSkipped(node)) return node;
        const nanoseconds = await measureWrapper(node, istiod.xdsAddress);
        const slowest = Math.max(...nanoseconds);
        rows.push({
          what: `wrapper of a call that is not ours, Node ${line}`,
          measured: `${slowest.toFixed(0)} ns (${CALLS[nanoseconds.indexOf(slowest)]})`,
          budget: `≤ ${BUDGET_NS} ns`,
          within: slowest <= BUDGET_NS,
        });
      }
      return rows;
    } finally {
      await istiod.stop();
    }
  },
};

/** Nanoseconds by kind of call. */
export async function measureWrapper(node: string, xdsAddress: string): Promise<readonly number[]> {
  const env = underPreload(xdsAddress);
  env['NODE_OPTIONS'] = `--require "${programFile('wrapper-original')}" ${env['NODE_OPTIONS']}`;
  const args = [String(SETTLE_MS), ...CALLS];
  return (await program<{ nanoseconds: number[] }>('wrapper', args, env, node)).nanoseconds;
}
