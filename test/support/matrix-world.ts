import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanEnvironment, LabProcess, npmSet } from '../../lab';
import { type DevControlPlane, startDevControlPlane } from '../../src/dev';
import { ensureBuilt, ROOT } from './app';
import { selfSigned } from './certificate';
import { type BackendPorts, meshNames, meshYaml } from './matrix-mesh';

export const FIXTURES = join(ROOT, 'fixtures', 'clients');

/** What all cells share: the clients' packages, the backends, the control plane with every named YAML. */
export class MatrixWorld {
  private constructor(
    readonly folder: string,
    readonly modules: string,
    readonly ports: BackendPorts,
    readonly certificate: string,
    private readonly backend: LabProcess,
    private readonly plane: DevControlPlane,
  ) {}

  get planePort(): number {
    return Number(this.plane.address.split(':')[1]);
  }

  static async start(): Promise<MatrixWorld> {
    await ensureBuilt();
    const modules = await npmSet('clients', FIXTURES);
    if (typeof modules !== 'string') throw new Error(modules.skipped);
    const folder = mkdtempSync(join(tmpdir(), 'inmesh-matrix-'));
    const names = meshNames().map((name) => `${name}.matrix.test`);
    const { key, cert } = selfSigned([...names, 'elsewhere.test', 'localhost'], ['127.0.0.1']);
    writeFileSync(join(folder, 'ca.pem'), cert);
    const main = join(FIXTURES, 'backend', 'main.js');
    const backend = new LabProcess('matrix backend', process.execPath, [main, modules], {
      env: cleanEnvironment({ INMESH_TLS_KEY: key, INMESH_TLS_CERT: cert }),
    });
    await backend.untilReady(async () => backend.log.includes('}\n'));
    const ports = JSON.parse(backend.log) as BackendPorts;
    const mesh = join(folder, 'mesh');
    mkdirSync(mesh);
    for (const name of meshNames()) writeFileSync(join(mesh, `${name}.yaml`), meshYaml(name, ports));
    const plane = await startDevControlPlane({ folder: mesh });
    if (plane.problems.length > 0) throw new Error(JSON.stringify(plane.problems));
    return new MatrixWorld(folder, modules, ports, cert, backend, plane);
  }

  async stop(): Promise<void> {
    await this.plane.stop();
    await this.backend.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
