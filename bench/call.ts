import { cleanEnvironment, isSkipped, LabProcess, nodeVersion, startIstiod } from '../lab';
import type { Bench, Row } from './row';
import { programFile, serviceEntry, startBackend, underPreload } from './support';

const LINES = [18, 20, 22, 24, 26];
/** Fresh processes: what a compiler does differs from one to the next. */
const PAIRS = 7;
/** What V8 compiles beside the calls counts as their CPU time; on Node 24 it goes on for 30,000 calls, with us or without. */
const WARM_UP = 100;
const BLOCKS = 30;
const BLOCK = 400;

/** CPU of one keep-alive call, bare and managed, in microseconds. */
export interface CallCost {
  readonly bare: number;
  readonly managed: number;
}

/** What a managed call costs over the same call without us, on every line of Node that is supported. */
export const call: Bench = {
  name: 'call',
  async run() {
    const backend = await startBackend();
    const istiod = await startIstiod({ files: { 'b.yaml': serviceEntry('go-sc-b', backend.port) } });
    try {
      if (isSkipped(istiod)) return istiod;
      const rows: Row[] = [];
      for (const line of LINES) {
        const node = await nodeVersion(line);
        if (isSkipped(node)) return node;
        rows.push(row(line, await measureCall(node, istiod.xdsAddress, backend.port, PAIRS)));
      }
      return rows;
    } finally {
      if (!isSkipped(istiod)) await istiod.stop();
      await backend.stop();
    }
  },
};

/**
 * The least of many blocks, taken turn by turn from a process without us and one with us, so that both see the same
 * neighbours on the machine. The service is `go-sc-b`.
 */
export async function measureCall(
  node: string,
  xdsAddress: string,
  backendPort: number,
  pairs: number,
): Promise<CallCost> {
  const all = { bare: [] as number[], managed: [] as number[] };
  for (let pair = 0; pair < pairs; pair++) {
    const bare = new Caller(node, `http://127.0.0.1:${backendPort}/a/b`, cleanEnvironment());
    const managed = new Caller(node, 'http://go-sc-b/a/b', underPreload(xdsAddress));
    try {
      for (let i = 0; i < WARM_UP; i++) for (const one of [bare, managed]) await one.block();
      for (let i = 0; i < BLOCKS; i++) {
        all.bare.push(await bare.block());
        all.managed.push(await managed.block());
      }
    } finally {
      await bare.stop();
      await managed.stop();
    }
  }
  return { bare: Math.min(...all.bare), managed: Math.min(...all.managed) };
}

class Caller {
  private readonly process: LabProcess;

  constructor(node: string, url: string, env: NodeJS.ProcessEnv) {
    this.process = new LabProcess('call', node, [programFile('call'), url, String(BLOCK)], {
      env,
      ipc: true,
    });
  }

  async block(): Promise<number> {
    this.process.child.send('block');
    const { microseconds } = await this.process.message(isCost);
    return microseconds;
  }

  async stop(): Promise<void> {
    await this.process.kill();
  }
}

function isCost(message: unknown): message is { microseconds: number } {
  return typeof (message as { microseconds?: unknown }).microseconds === 'number';
}

function row(line: number, { bare, managed }: CallCost): Row {
  const more = managed - bare;
  const percent = (more / bare) * 100;
  const measured = `${more >= 0 ? '+' : ''}${more.toFixed(1)} µs, ${percent.toFixed(0)} % of ${bare.toFixed(0)} µs`;
  const what = `managed keep-alive call over bare, CPU, Node ${line}`;
  return line < 22
    ? { what, measured, budget: '≤ 20 µs', within: more <= 20 }
    : { what, measured, budget: '≤ 5 %', within: percent <= 5 };
}
