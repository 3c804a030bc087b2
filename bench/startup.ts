/**
 * What the preload costs at the start of a process: wall time of `node -e 0` and of a small Express application,
 * bare and with the preload, interleaved; the least of the runs, which the neighbours on the machine disturb least.
 */

import { spawnSync } from 'node:child_process';
import { cleanEnvironment, isSkipped, NODE_VERSIONS, nodeVersion } from '../lab';
import type { Bench, Row } from './row';
import { preloadFile } from './support';

const RUNS = 31;
const BUDGET_MS = 20;

const SCRIPTS: readonly { readonly name: string; readonly code: string; readonly judged: boolean }[] = [
  { name: 'node -e 0', code: '0', judged: true },
  { name: 'express()', code: `require(${JSON.stringify(require.resolve('express'))})()`, judged: false },
];

export const startup: Bench = {
  name: 'startup',
  async run() {
    const rows: Row[] = [];
    for (const line of Object.keys(NODE_VERSIONS)) {
      const node = await nodeVersion(line);
      if (isSkipped(node)) return node;
      for (const { name, code, judged } of SCRIPTS) {
        const { bare, more } = measureStartup(node, code, RUNS);
        rows.push({
          what: `preload at the start of ${name}, Node ${line}`,
          measured: `${more >= 0 ? '+' : ''}${more.toFixed(1)} ms on ${bare.toFixed(1)} ms`,
          budget: judged ? `≤ ${BUDGET_MS} ms` : '',
          within: judged ? more <= BUDGET_MS : undefined,
        });
      }
    }
    return rows;
  },
};

/** Milliseconds of a script without us, and what the preload adds: the least of interleaved runs. */
export function measureStartup(
  node: string,
  code: string,
  runs: number,
): { readonly bare: number; readonly more: number } {
  const bare: number[] = [];
  const ours: number[] = [];
  for (let run = 0; run < runs; run++) {
    bare.push(time(node, ['-e', code]));
    ours.push(time(node, ['--require', preloadFile(), '-e', code]));
  }
  return { bare: Math.min(...bare), more: Math.min(...ours) - Math.min(...bare) };
}

function time(node: string, args: string[]): number {
  // A machine's own certificates are read by Node: before 22 at every start, since then with `https`.
  const env = cleanEnvironment({ NODE_EXTRA_CA_CERTS: undefined });
  const before = process.hrtime.bigint();
  const { status, stderr } = spawnSync(node, args, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return Number(process.hrtime.bigint() - before) / 1e6;
}
