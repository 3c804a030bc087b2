import { spawn } from 'node:child_process';

/** The environment of a lab process: ours, without what would put an agent or a flag of the test run into it. */
export function cleanEnvironment(
  extra: Readonly<Record<string, string | undefined>> = {},
): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (name === 'NODE_OPTIONS' || name === 'POD_NAME' || /^(INMESH|ISTIO_META)/.test(name)) continue;
    env[name] = value;
  }
  return Object.assign(env, extra);
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds; 10 minutes when absent. */
  readonly timeoutMs?: number;
}

/**
 * Runs a command to its end and gives its standard output.
 * Rejects with the command and the end of its output when it fails, is missing or takes too long.
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out: string[] = [];
    const all: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out.push(text);
      all.push(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => all.push(text));
    // Not spawn's own `timeout`: its timer stays when the command does not exist.
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 600_000);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`${command}: ${error.message}`));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(out.join(''));
      const tail = all.join('').split('\n').slice(-30).join('\n');
      reject(new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}:\n${tail}`));
    });
  });
}

/** Is a program on the PATH and able to say its version? */
export async function answers(command: string, args: readonly string[]): Promise<boolean> {
  try {
    await run(command, args, { timeoutMs: 30_000 });
    return true;
  } catch (error) {
    // Missing or broken is the answer here, not a failure.
    return error === undefined;
  }
}
