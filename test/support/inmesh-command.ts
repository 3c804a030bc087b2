/** `inmesh` as a program, against `inmesh dev`'s control plane. */

import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DevControlPlane, startDevControlPlane } from '../../src/dev';

const ROOT = join(__dirname, '..', '..');

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The environment of the machine is not the test's. */
const CLEAN = { PATH: process.env['PATH'], HOME: process.env['HOME'] };

/** Runs the command to its end. `built`: dist/cli.js instead of the sources. */
export function inmesh(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  options: { readonly built?: boolean; readonly cwd?: string } = {},
): Promise<Ended> {
  const program = options.built
    ? [join(ROOT, 'dist', 'cli.js')]
    : ['--require', join(ROOT, 'node_modules/tsx/dist/cjs/index.cjs'), join(ROOT, 'src', 'cli', 'main.ts')];
  const child = spawn(process.execPath, [...program, ...args], {
    cwd: options.cwd ?? ROOT,
    env: { ...CLEAN, ...env },
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

/** A folder of YAML and the control plane that serves it. */
export class DevScene {
  private constructor(
    readonly folder: string,
    readonly plane: DevControlPlane,
  ) {}

  static async start(yaml: string): Promise<DevScene> {
    const folder = await mkdtemp(join(tmpdir(), 'inmesh-cli-'));
    await writeFile(join(folder, 'mesh.yaml'), yaml);
    const log = { line: () => undefined };
    const plane = await startDevControlPlane({ folder, host: '127.0.0.1', port: 0, log });
    return new DevScene(folder, plane);
  }

  get env() {
    return {
      INMESH_XDS: `grpc://${this.plane.address}`,
      POD_NAME: 'web-1',
      POD_NAMESPACE: 'shop',
      INSTANCE_IP: '10.9.9.9',
      SERVICE_ACCOUNT: 'web',
      ISTIO_METAJSON_LABELS: '{"app":"web"}',
    };
  }

  async stop(): Promise<void> {
    await this.plane.stop();
    await rm(this.folder, { recursive: true });
  }
}
