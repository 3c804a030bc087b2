/** Runs programs with the built preload as an operator would, and without it, to compare. */

import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanEnvironment } from '../../lab';
import { type DevControlPlane, startDevControlPlane } from '../../src/dev';
import { ROOT } from './app';

export const APPS = join(ROOT, 'fixtures', 'apps');
const LONGEST_MS = 30_000;

export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Absolute path of the preload; without it the program runs bare. */
  readonly preload?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Sent once the program has written `ready`. */
  readonly kill?: NodeJS.Signals;
}

/** Runs a program to its end. One that does not end in 30 s is killed, which the result's signal shows. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const { preload, env, cwd = tmpdir(), input, kill } = options;
  const nodeOptions = preload === undefined ? {} : { NODE_OPTIONS: `--require ${JSON.stringify(preload)}` };
  const child = spawn(command, args, { cwd, env: cleanEnvironment({ ...nodeOptions, ...env }) });
  const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (kill !== undefined && stdout.includes('ready')) child.kill(kill);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/** The lines of the agent among those of a program's standard error. */
export function agentLines(stderr: string): Record<string, unknown>[] {
  const lines = stderr.split('\n').filter((line) => line.startsWith('{') && line.includes('"name":"inmesh"'));
  return lines.map((line) => JSON.parse(line));
}

/** A copy of what is packed, in a folder whose name has a space. */
export function installElsewhere(): { readonly preload: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'inmesh front door '));
  mkdirSync(join(folder, 'agent'));
  cpSync(join(ROOT, 'dist'), join(folder, 'agent', 'dist'), { recursive: true });
  cpSync(join(ROOT, 'preload.js'), join(folder, 'agent', 'preload.js'));
  return {
    preload: join(folder, 'agent', 'preload.js'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A control plane with the service `orders`, whose name no DNS knows: who reaches it was routed by the mesh. */
export class OrdersMesh {
  private constructor(
    private readonly plane: DevControlPlane,
    private readonly server: Server,
  ) {}

  static readonly url = 'http://orders/';

  static async start(
    listener: RequestListener = (request, response) => response.end(`orders ${request.url}`),
  ): Promise<OrdersMesh> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const plane = await startDevControlPlane({
      objects: [
        {
          apiVersion: 'networking.istio.io/v1',
          kind: 'ServiceEntry',
          metadata: { name: 'orders', namespace: 'default' },
          spec: {
            hosts: ['orders.default.svc.cluster.local'],
            location: 'MESH_INTERNAL',
            resolution: 'STATIC',
            ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
            endpoints: [{ address: '127.0.0.1', ports: { http: port } }],
          },
        },
      ],
    });
    return new OrdersMesh(plane, server);
  }

  /** The backend itself, not by its name in the mesh. */
  get backend(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  get env(): Record<string, string> {
    return {
      INMESH_XDS: `grpc://${this.plane.address}`,
      INMESH_LOG_FORMAT: 'json',
      // A busy machine must not make a call pass through.
      INMESH_FIRST_USE_TIMEOUT: '20s',
    };
  }

  async stop(): Promise<void> {
    await this.plane.stop();
    this.server.closeAllConnections();
    this.server.close();
  }
}
