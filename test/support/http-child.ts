/** Runs the HTTP hook's fixtures as processes of their own, on any Node, with and without the hook. */

import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { bundled } from './bundle';
import type { TestMesh } from './http-mesh';

const ROOT = resolve(__dirname, '../..');
export interface ChildResult {
  readonly code: number | null;
  readonly lines: readonly unknown[];
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  readonly node?: string;
  /** None: bare Node. */
  readonly mesh?: TestMesh;
  readonly env?: Readonly<Record<string, string>>;
  /** Loaded before the hook. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  readonly timeoutMs?: number;
}

/** Runs an application of `fixtures/apps`; its standard output is lines of JSON. */
export async function runApp(app: string, options: ChildOptions = {}): Promise<ChildResult> {
  const args: string[] = [];
  for (const file of options.before ?? []) args.push('--require', join(ROOT, 'fixtures/apps', file));
  if (options.mesh !== undefined)
    args.push('--require', await bundled('http-preload', 'test/support/http-preload.ts'));
  for (const file of options.after ?? []) args.push('--require', join(ROOT, 'fixtures/apps', file));
  args.push(join(ROOT, 'fixtures/apps', app));
  const env: NodeJS.ProcessEnv = { ...process.env, ...options.env, NODE_OPTIONS: '' };
  if (options.mesh !== undefined) env['INMESH_TEST_MESH'] = JSON.stringify(options.mesh);
  const child = spawn(options.node ?? process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
  return new Promise((done) => {
    child.on('close', (code) => {
      clearTimeout(timer);
      const lines: unknown[] = [];
      for (const line of stdout.split('\n')) if (line.startsWith('{')) lines.push(JSON.parse(line));
      done({ code, lines, stdout, stderr });
    });
  });
}
