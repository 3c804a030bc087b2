import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanEnvironment, LabProcess } from '../../lab';

export const ROOT = join(__dirname, '..', '..');

let built: Promise<void> | undefined;

/** Brings `dist/` up to date, once in a test run. */
export function ensureBuilt(): Promise<void> {
  built ??= (require('../../scripts/build') as { build(): Promise<void> }).build();
  return built;
}

export interface AppOptions {
  /** Environment of the application, the agent's settings among it. */
  readonly env?: Readonly<Record<string, string>>;
  /** The `node` binary; the running one when absent. */
  readonly node?: string;
  /** False: without the agent, for comparison. */
  readonly preload?: boolean;
  readonly args?: readonly string[];
}

/** Starts a script as an operator would: from an unrelated folder, with the agent in NODE_OPTIONS. */
export async function startScript(script: string, options: AppOptions = {}): Promise<Script> {
  await ensureBuilt();
  return new Script(script, options);
}

/** A running script. Every line of its standard output that is JSON is kept as a fact it told. */
export class Script {
  readonly process: LabProcess;
  private readonly told: Record<string, unknown>[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'inmesh-app-'));

  constructor(script: string, { env, node = process.execPath, preload = true, args = [] }: AppOptions) {
    const options = preload ? { NODE_OPTIONS: `--require "${join(ROOT, 'preload.js')}"` } : {};
    this.process = new LabProcess(script, node, [script, ...args], {
      cwd: this.folder,
      env: cleanEnvironment({ POD_NAMESPACE: 'default', INMESH_LOG_FORMAT: 'json', ...options, ...env }),
      onLine: (line) => {
        if (line.startsWith('{')) this.told.push(JSON.parse(line));
      },
    });
  }

  /** The first told fact that has `key`, waited for. */
  async fact(key: string, timeoutMs = 30_000): Promise<Record<string, unknown>> {
    await this.process.untilReady(async () => this.find(key) !== undefined, timeoutMs);
    return this.find(key)!;
  }

  /** Everything told so far that has `key`. */
  facts(key: string): Record<string, unknown>[] {
    return this.told.filter((fact) => key in fact);
  }

  /** Sends a line to its standard input. */
  tell(command: unknown): void {
    this.process.child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  async stop(): Promise<void> {
    await this.process.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private find(key: string): Record<string, unknown> | undefined {
    return this.told.find((fact) => key in fact);
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An HTTP server under test, asked from outside. */
export class App {
  // Idle connections are closed before Node's server closes them, after 5 s, perhaps under a request just sent.
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: 2_500 });

  private constructor(
    readonly script: Script,
    readonly port: number,
  ) {}

  /** `script` says `{"listening": port}` on standard output. */
  static async start(script: string, options: AppOptions = {}): Promise<App> {
    const started = await startScript(script, options);
    try {
      const { listening } = await started.fact('listening');
      return new App(started, Number(listening));
    } catch (error) {
      await started.stop();
      throw error;
    }
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return ask({ host: '127.0.0.1', port: this.port, path, headers, agent: this.agent });
  }

  log(): string {
    return this.script.process.log;
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    await this.script.stop();
  }
}

/** One GET to its end. */
function ask(options: Parameters<typeof get>[1] & object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get(options, (response) => {
      const parts: string[] = [];
      response.setEncoding('utf8').on('data', (part: string) => parts.push(part));
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parts.join('') }),
      );
    });
    request.once('error', reject);
  });
}
