/** Runs the matrix: one process per client, Node line and mode, against one set of backends and one control plane. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanEnvironment, LabProcess, nodeVersion, npmSet } from '../../lab';
import { type DevControlPlane, startDevControlPlane } from '../../src/dev';
import { ensureBuilt, ROOT } from './app';
import { selfSigned } from './certificate';
import { Gate } from './gate';
import type { MatrixClient } from './matrix-clients';
import { type BackendPorts, bareUrl, meshNames, meshUrl, meshYaml } from './matrix-mesh';
import { type Outcome, type Scenario, whyNot, yamlOf } from './matrix-scenario';

const FIXTURES = join(ROOT, 'fixtures', 'clients');
const CHILD_MS = 120_000;
const EXIT_MS = 5000;

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
    private readonly folder: string,
    private readonly modules: string,
    private readonly ports: BackendPorts,
    private readonly certificate: string,
    private readonly backend: LabProcess,
    private readonly plane: DevControlPlane,
    private readonly scenarios: readonly Scenario[],
  ) {}

  static async start(scenarios: readonly Scenario[]): Promise<MatrixRun> {
    await ensureBuilt();
    const modules = await npmSet('clients', FIXTURES);
    if (typeof modules !== 'string') throw new Error(modules.skipped);
    const folder = mkdtempSync(join(tmpdir(), 'inmesh-matrix-'));
    const names = meshNames().map((name) => `${name}.matrix.test`);
    const { key, cert } = selfSigned([...names, 'elsewhere.test', 'localhost'], ['127.0.0.1']);
    writeFileSync(join(folder, 'ca.pem'), cert);
    const backend = new LabProcess(
      'matrix backend',
      process.execPath,
      [join(FIXTURES, 'backend', 'main.js'), modules],
      {
        env: cleanEnvironment({ INMESH_TLS_KEY: key, INMESH_TLS_CERT: cert }),
      },
    );
    await backend.untilReady(async () => backend.log.includes('}\n'));
    const ports = JSON.parse(backend.log) as BackendPorts;
    const mesh = join(folder, 'mesh');
    mkdirSync(mesh);
    for (const name of meshNames()) writeFileSync(join(mesh, `${name}.yaml`), meshYaml(name, ports));
    const plane = await startDevControlPlane({ folder: mesh });
    if (plane.problems.length > 0) throw new Error(JSON.stringify(plane.problems));
    return new MatrixRun(folder, modules, ports, cert, backend, plane, scenarios);
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
    await this.plane.stop();
    await this.backend.kill();
    rmSync(this.folder, { recursive: true, force: true });
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
    const gate = await Gate.start(Number(this.plane.address.split(':')[1]));
    const began = Date.now();
    const outcomes = new Map<string, Outcome>();
    let over = false;
    const child = new LabProcess(
      `${client.name} on ${line}`,
      node,
      [join(FIXTURES, 'run.js'), this.plan(line, client, mode)],
      {
        cwd: this.folder,
        env: this.environment(mode, gate),
        onLine: (text) => {
          if (!text.startsWith('{')) return;
          const fact = JSON.parse(text);
          if (fact.gate) gate.open();
          if (fact.over) over = true;
          if (fact.ms > 1500) console.log('SLOW', mode, client.name, line, fact.cell, fact.ms);
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
      NODE_EXTRA_CA_CERTS: join(this.folder, 'ca.pem'),
      NODE_NO_WARNINGS: '1',
      ...(mode === 'mesh' ? agent : {}),
    });
  }

  private plan(line: number, client: MatrixClient, mode: Mode): string {
    const run = ++this.counter;
    const exist = this.scenarios.filter((scenario) => !whyNot(scenario, client, line));
    const wanted = mode === 'mesh' ? exist : exist.filter((scenario) => scenario.bare);
    const cells = wanted.map((scenario, index) => this.cell(scenario, client, mode, `${run}-${index}`));
    const file = join(this.folder, `plan-${run}.json`);
    const control = `http://127.0.0.1:${this.ports.a}`;
    writeFileSync(
      file,
      JSON.stringify({
        client: client.name,
        mode,
        modules: this.modules,
        ca: this.certificate,
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
    const target = mode === 'mesh' ? meshUrl(yamlOf(scenario, client)) : bareUrl(bareYaml, this.ports);
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
    const port = client.scheme === 'https' ? this.ports.tls : this.ports.a;
    return `${client.scheme}://${kind === 'name' ? 'elsewhere.test' : '127.0.0.1'}:${port}`;
  }
}

async function waitFor(check: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!check() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
}
