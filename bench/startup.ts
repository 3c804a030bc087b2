/**
 * What the preload costs at the start of a process, on the main thread: wall time and CPU of `node -e 0` and of a
 * small Express application, bare and with the preload, interleaved, median and least of the runs.
 *
 *   npx tsx bench/startup.ts [runs] [node binary …]
 */

import { spawnSync } from 'node:child_process';
import * as path from 'node:path';

const PRELOAD = path.join(__dirname, '..', 'preload.js');
const EXPRESS = `require(${JSON.stringify(require.resolve('express'))})()`;

/** Milliseconds more than bare. */
export interface StartupCost {
  readonly script: string;
  readonly bareMs: number;
  readonly medianMs: number;
  readonly leastMs: number;
}

/** `preload`: absolute path of the script to measure. */
export function measureStartup(node: string, runs: number, preload: string = PRELOAD): StartupCost[] {
  const scripts: [string, string][] = [
    ['node -e 0', '0'],
    ['express()', EXPRESS],
  ];
  return scripts.map(([name, script]) => {
    const bare: number[] = [];
    const ours: number[] = [];
    for (let run = 0; run < runs; run++) {
      bare.push(time(node, ['-e', script]));
      ours.push(time(node, ['--require', preload, '-e', script]));
    }
    const least = Math.min(...ours) - Math.min(...bare);
    return { script: name, bareMs: median(bare), medianMs: median(ours) - median(bare), leastMs: least };
  });
}

function time(node: string, args: string[]): number {
  const before = process.hrtime.bigint();
  const { status, stderr } = spawnSync(node, args, { encoding: 'utf8', env: { PATH: '' } });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return Number(process.hrtime.bigint() - before) / 1e6;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

if (require.main === module) {
  const [runs = '21', ...nodes] = process.argv.slice(2);
  for (const node of nodes.length > 0 ? nodes : [process.execPath]) {
    const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
    for (const { script, bareMs, medianMs, leastMs } of measureStartup(node, Number(runs))) {
      const cost = `${medianMs.toFixed(1)} ms (least ${leastMs.toFixed(1)})`;
      console.log(`${version} ${script.padEnd(10)} bare ${bareMs.toFixed(1)} ms, with the preload + ${cost}`);
    }
  }
}
