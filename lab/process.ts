import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanEnvironment } from './run';

const LOG_LIMIT = 200_000;
const STOP_PATIENCE_MS = 5000;

const running = new Set<LabProcess>();

process.once('exit', () => {
  for (const one of running) one.signal('SIGKILL');
});

export interface LabProcessOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Called with every complete line of standard output. */
  readonly onLine?: (line: string) => void;
  /** Opens an IPC channel to a Node child. */
  readonly ipc?: boolean;
  /** How long `stop` waits before it insists, ms; 5 s when absent. */
  readonly stopPatienceMs?: number;
}

/** A program of the lab: started, watched until ready, its output kept, and never left behind. */
export class LabProcess {
  readonly child: ChildProcess;
  private readonly output: string[] = [];
  private outputSize = 0;
  private partialLine = '';
  private readonly ended: Promise<void>;

  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
    private readonly options: LabProcessOptions = {},
  ) {
    const stdio = ['pipe', 'pipe', 'pipe'] as const;
    this.child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? cleanEnvironment(),
      stdio: options.ipc ? [...stdio, 'ipc'] : [...stdio],
    });
    running.add(this);
    this.child.stdin?.on('error', (error) => this.keep(`stdin: ${error.message}\n`));
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => this.read(text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => this.keep(text));
    this.child.once('error', (error) => this.keep(`${command}: ${error.message}\n`));
    this.ended = new Promise((resolve) => {
      const over = () => {
        running.delete(this);
        resolve();
      };
      this.child.once('error', over);
      this.child.once('close', over);
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isRunning(): boolean {
    return running.has(this);
  }

  /** The newest output, both streams as they came, at most 200 kB. */
  get log(): string {
    return this.output.join('');
  }

  /** Polls `check` until it says true. Rejects with the log when the process ends or the time is over. */
  async untilReady(check: () => Promise<boolean>, timeoutMs = 30_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!(await check())) {
      if (!this.isRunning) throw new Error(`${this.name} ended before it was ready:\n${this.log}`);
      if (Date.now() > deadline)
        throw new Error(`${this.name} was not ready after ${timeoutMs} ms:\n${this.log}`);
      await sleep(20);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Asks it to end, insists after its patience; resolves when it is gone. */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    const insist = setTimeout(() => this.signal('SIGKILL'), this.options.stopPatienceMs ?? STOP_PATIENCE_MS);
    await this.ended;
    clearTimeout(insist);
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }

  /** Resolves with the exit code, or the signal's name. */
  async exit(): Promise<number | string> {
    await this.ended;
    return this.child.exitCode ?? this.child.signalCode ?? 'not started';
  }

  /** The next IPC message that `wanted` accepts. @throws if the process ends without one */
  async message<T>(wanted: (message: unknown) => message is T): Promise<T> {
    const ended = new AbortController();
    const end = () => ended.abort();
    // After the last message.
    this.child.once('disconnect', end);
    if (!this.child.connected) end();
    try {
      for (;;) {
        const [message] = await once(this.child, 'message', { signal: ended.signal });
        if (wanted(message)) return message;
      }
    } catch (error) {
      if (!ended.signal.aborted) throw error;
      await this.ended;
      throw new Error(`${this.name} ended before it said what was waited for:\n${this.log}`);
    } finally {
      this.child.off('disconnect', end);
    }
  }

  private read(text: string): void {
    this.keep(text);
    if (!this.options.onLine) return;
    const lines = (this.partialLine + text).split('\n');
    this.partialLine = lines.pop() ?? '';
    for (const line of lines) this.options.onLine(line);
  }

  private keep(text: string): void {
    this.output.push(text);
    this.outputSize += text.length;
    while (this.outputSize > LOG_LIMIT && this.output.length > 1)
      this.outputSize -= this.output.shift()!.length;
  }
}
