/** Runs the matrix: one process per client, Node line and mode, against one set of backends and one control plane. */

import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cleanEnvironment, LabProcess, nodeVersion } from '../../lab';
import { ROOT } from './app';
import { Gate } from './gate';
import type { MatrixClient } from './matrix-clients';
import { bareUrl, meshUrl } from './matrix-mesh';
import { type Outcome, type Scenario, whyNot, yamlOf } from './matrix-scenario';
import { FIXTURES, MatrixWorld } from './matrix-world';

const CHILD_MS = 120_000;
const EXIT_MS = 15_000;

export type Mode = 'mesh' | 'bare';

export interface ChildResult {
  /** Outcome by scenario name. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** The process ended by itself once its work was done: its exit code; undefined if it had to be killed. */
  readonly exitCode: number | string | undefined;
  /** What it wrote to stderr, for failure messages. */
  readonly log: string;
  readonly ms: number;
}

export class MatrixRun {
  private readonly children = new Map<string, Promise<ChildResult>>();
  private running = 0;
  private readonly queue: (() => void)[] = [];
  private counter = 0;

  private constructor(
    private readonly world: MatrixWorld,
    private readonly scenarios: readonly Scenario[],
  ) {}

  static async start(scenarios: readonly Scenario[]): Promise<MatrixRun> {
    return new MatrixRun(await MatrixWorld.start(), scenarios);
  }

  /** The results of one process; started when first asked for, as many at a time as there are cores. */
  child(line: number, client: MatrixClient, mode: Mode): Promise<ChildResult> {
    const key = `${line} ${client.name} ${mode}`;
    let result = this.children.get(key);
    if (!result) {
      result = this.slot(() => this.run(line, client, mode));
      // Whoever asks for a cell gets the error; until then it must not end the test run.
      result.catch(() => undefined);
      this.children.set(key, result);
    }
    return result;
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.children.values());
    await this.world.stop();
  }

  private async slot<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= availableParallelism())
      await new Promise<void>((resolve) => this.queue.push(resolve));
    this.running++;
    try {
      return await work();
    } finally {
      this.running--;
      this.queue.shift()?.();
    }
  }

  private async run(line: number, client: MatrixClient, mode: Mode): Promise<ChildResult> {
    const node = await nodeVersion(line);
    if (typeof node !== 'string') throw new Error(node.skipped);
    const gate = await Gate.start(this.world.planePort);
    const began = Date.now();
    const outcomes = new Map<string, Outcome>();
    let over = false;
    const child = new LabProcess(
      `${client.name} on ${line}`,
      node,
      [join(FIXTURES, 'run.js'), this.plan(line, client, mode)],
      {
        cwd: this.world.folder,
        env: this.environment(mode, gate),
        onLine: (text) => {
          if (!text.startsWith('{')) return;
          const fact = JSON.parse(text);
          if (fact.gate) gate.open();
          if (fact.over) over = true;
          if (fact.cell) outcomes.set(fact.cell, fact.outcome);
        },
      },
    );
    try {
      await waitFor(() => over || !child.isRunning, CHILD_MS);
      await waitFor(() => !child.isRunning, EXIT_MS);
      const exitCode = child.isRunning ? undefined : await child.exit();
      const log = child.log
        .split('\n')
        .filter((text) => !text.startsWith('{"cell"'))
        .join('\n');
      return { outcomes, exitCode, log, ms: Date.now() - began };
    } finally {
      await child.kill();
      gate.stop();
    }
  }

  private environment(mode: Mode, gate: Gate): NodeJS.ProcessEnv {
    const agent = {
      NODE_OPTIONS: `--require "${join(ROOT, 'preload.js')}"`,
      INMESH_XDS: `grpc://127.0.0.1:${gate.port}`,
      INMESH_FIRST_USE_TIMEOUT: '15000',
      INMESH_LOG_FORMAT: 'json',
      POD_NAMESPACE: 'default',
    };
    return cleanEnvironment({
      NODE_EXTRA_CA_CERTS: join(this.world.folder, 'ca.pem'),
      NODE_NO_WARNINGS: '1',
      ...(mode === 'mesh' ? agent : {}),
    });
  }

  private plan(line: number, client: MatrixClient, mode: Mode): string {
    const run = ++this.counter;
    const exist = this.scenarios.filter((scenario) => !whyNot(scenario, client, line));
    const wanted = mode === 'mesh' ? exist : exist.filter((scenario) => scenario.bare);
    const cells = wanted.map((scenario, index) => this.cell(scenario, client, mode, `${run}-${index}`));
    const file = join(this.world.folder, `plan-${run}.json`);
    const ready =
      mode === 'mesh' ? `${meshUrl(client.scheme === 'https' ? 'secure' : 'plain')}/echo` : undefined;
    const control = `http://127.0.0.1:${this.world.ports.a}`;
    writeFileSync(
      file,
      JSON.stringify({
        client: client.name,
        mode,
        modules: this.world.modules,
        ca: this.world.certificate,
        ready,
        control,
        cells,
      }),
    );
    return file;
  }

  private cell(scenario: Scenario, client: MatrixClient, mode: Mode, id: string): object {
    const plan = scenario.cell(client);
    const { bare } = scenario;
    const bareYaml = (client.scheme === 'https' ? bare?.secureYaml : bare?.yaml) ?? yamlOf(scenario, client);
    const target = mode === 'mesh' ? meshUrl(yamlOf(scenario, client)) : bareUrl(bareYaml, this.world.ports);
    const request = mode === 'bare' && bare?.path ? { ...plan.request, path: bare.path } : plan.request;
    return {
      ...plan,
      ...(request ? { request } : {}),
      id,
      scenario: scenario.name,
      group: scenario.group,
      target: this.outside(plan['outside'], client) ?? target,
    };
  }

  /** A host that no mesh knows, at a port that no mesh service has. */
  private outside(kind: unknown, client: MatrixClient): string | undefined {
    if (!kind) return undefined;
    const port = client.scheme === 'https' ? this.world.ports.tls : this.world.ports.a;
    return `${client.scheme}://${kind === 'name' ? 'elsewhere.test' : '127.0.0.1'}:${port}`;
  }
}

async function waitFor(check: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!check() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
}
