import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanEnvironment, LabProcess } from '../lab';

const ROOT = join(__dirname, '..');

let frozen: string | undefined;

/** The preload script of a copy of the build: all rows of a table are of the same one, whoever builds meanwhile. */
export function preloadFile(): string {
  if (frozen === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'inmesh-bench-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    for (const name of ['preload.js', 'dist'])
      cpSync(join(ROOT, name), join(folder, name), { recursive: true });
    frozen = join(folder, 'preload.js');
  }
  return frozen;
}

/** The environment of an application under the preload. */
export function underPreload(
  xdsAddress: string,
  extra: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv {
  return cleanEnvironment({
    NODE_OPTIONS: `--require "${preloadFile()}"`,
    INMESH_XDS: `grpc://${xdsAddress}`,
    INMESH_LOG: 'error',
    // A busy machine must not make a measured call pass through.
    INMESH_FIRST_USE_TIMEOUT: '30s',
    POD_NAME: 'bench-1',
    POD_NAMESPACE: 'default',
    INSTANCE_IP: '127.0.0.1',
    ...extra,
  });
}

export function programFile(name: string): string {
  return join(__dirname, 'programs', `${name}.js`);
}

/** Runs a program of this folder to its end and gives its JSON line. */
export async function program<T>(
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = cleanEnvironment(),
  node = process.execPath,
): Promise<T> {
  let line = '';
  const child = new LabProcess(name, node, [programFile(name), ...args], {
    env,
    onLine: (text) => {
      line ||= text;
    },
  });
  const code = await child.exit();
  if (code !== 0 || !line) throw new Error(`${name} ended with ${code}:\n${child.log}`);
  return JSON.parse(line) as T;
}

/** Starts the backend of this folder, which answers everything with `body`; gives its port and its end. */
export async function startBackend(body = 'ok'): Promise<{ port: number; stop(): Promise<void> }> {
  let line = '';
  const child = new LabProcess('backend', process.execPath, [programFile('backend'), body], {
    onLine: (text) => {
      line ||= text;
    },
  });
  await child.untilReady(async () => line !== '');
  return { port: (JSON.parse(line) as { port: number }).port, stop: () => child.kill() };
}

/** A ServiceEntry with one HTTP port and one endpoint. */
export function serviceEntry(name: string, endpointPort: number, port = 80): string {
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: default }
spec:
  hosts: [${name}.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: http, protocol: HTTP }]
  endpoints: [{ address: 127.0.0.1, ports: { http: ${endpointPort} } }]
`;
}
