import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabProcess, type LabProcessOptions } from './process';
import { cleanEnvironment } from './run';

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly options?: LabProcessOptions;
}

/**
 * A server with a folder and ports of its own, that can be ended in every way and brought back with what it
 * stored. Made by the `start…` function of its kind.
 */
export abstract class LabServer {
  private process: LabProcess | undefined;

  /** `folder` is its home and its working directory. */
  protected constructor(
    readonly name: string,
    readonly folder: string,
    private readonly patienceMs = 60_000,
  ) {}

  get pid(): number {
    return this.process?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.process?.isRunning ?? false;
  }

  /** What it wrote since its last start. */
  log(): string {
    return this.process?.log ?? '';
  }

  /** Ends it and forgets its folder. */
  async stop(): Promise<void> {
    await this.process?.stop();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Ends it in an orderly way; `start` brings it back. */
  async terminate(): Promise<void> {
    await this.process?.stop();
  }

  /** SIGKILL, as in a crash; `start` brings it back. */
  async kill(): Promise<void> {
    await this.process?.kill();
  }

  /** Stops it from running, its connections open and silent, until `resume`. */
  freeze(): void {
    this.process?.signal('SIGSTOP');
  }

  resume(): void {
    this.process?.signal('SIGCONT');
  }

  /** Ends it if it runs, and starts it again on its ports and its data. */
  async restart(): Promise<void> {
    if (this.isRunning) await this.terminate();
    await this.start();
  }

  /** Starts it and waits until it takes requests. */
  async start(): Promise<void> {
    const { command, args, options } = await this.launch();
    this.process = new LabProcess(this.name, command, args, {
      cwd: this.folder,
      env: cleanEnvironment(),
      ...options,
    });
    await this.process.untilReady(() => this.isReady(), this.patienceMs);
  }

  /** Each start asks again: ports may be part of it. */
  protected abstract launch(): Launch | Promise<Launch>;

  protected abstract isReady(): Promise<boolean>;

  /** Sends to its standard input. */
  protected write(text: string): void {
    this.process?.child.stdin?.write(text);
  }

  /** Chooses its ports anew, before the first start. */
  protected abstract choosePorts(): Promise<void>;

  /** Whether a start that failed may succeed when tried again: another process may have taken a port since its choice. */
  protected isWorthATry(log: string): boolean {
    return /address already in use|BindException|already in use/i.test(log);
  }

  async startOnNewPorts(): Promise<void> {
    for (let tries = 1; ; tries++) {
      await this.choosePorts();
      try {
        return await this.start();
      } catch (error) {
        await this.kill();
        if (tries === 3 || !this.isWorthATry(this.log())) throw error;
      }
    }
  }
}

export function labFolder(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `inmesh-${name}-`));
}

/** Starts a new server; forgets it again when that fails. */
export async function started<T extends LabServer>(server: T): Promise<T> {
  try {
    await server.startOnNewPorts();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}
