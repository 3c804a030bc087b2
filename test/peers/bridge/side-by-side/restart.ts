/** Nacos dies and comes back empty; its clients register again with their next heartbeat, all but one. */

import { eventually } from '../../../support/load';
import { markdownTable } from '../../../support/registries/latency-table';
import { NacosHttp } from '../../../support/registries/nacos-http';
import { npmNacos } from '../../../support/registries/nacos-npm';
import { LASTING } from './changes';
import { type Mesh, PORT, type Worlds } from './worlds';

const SERVICES = Array.from({ length: 25 }, (_unused, i) => `live-${i}`);
/** What the test itself needs to see a hole. */
const SAMPLE_MS = 20;
const PATIENCE_MS = 120_000;

export interface Restarted {
  /** Services that had no endpoint for a while, though their instances ran. */
  readonly emptied: number;
  /** For how long at least one of them was missing, ms. */
  readonly missingMs: number;
  /** From Nacos' readiness until what did not register again had left, ms. */
  readonly ghostMs: number;
  /** From the first change after that to the sidecar, ms. */
  readonly newsMs: number;
}

/** By mesh, for each of `times`. */
export async function restarts(
  worlds: Worlds,
  times: number,
): Promise<ReadonlyMap<Mesh, readonly Restarted[]>> {
  const meshes = [worlds.nacosIstio, worlds.ours];
  const results = new Map<Mesh, Restarted[]>(meshes.map((mesh) => [mesh, []]));
  const npm = await npmNacos(worlds.nacos.address);
  try {
    for (const mesh of meshes) mesh.sidecar.watch(...SERVICES.map((service) => mesh.cluster(service)));
    for (const [i, service] of SERVICES.entries())
      await npm.registerInstance(service, { ip: `10.6.0.${i}`, port: PORT });
    for (let time = 0; time < times; time++) {
      const found = await restart(worlds, meshes, time);
      for (const [mesh, one] of found) results.get(mesh)!.push(one);
    }
    return results;
  } finally {
    await npm.close();
  }
}

async function restart(worlds: Worlds, meshes: readonly Mesh[], time: number): Promise<Map<Mesh, Restarted>> {
  const http = new NacosHttp(worlds.nacos.address);
  const ghost = { serviceName: SERVICES[0]!, ip: `10.6.1.${time}`, port: PORT, metadata: LASTING };
  const news = { ...ghost, ip: `10.6.2.${time}` };
  await http.register(ghost);
  await everywhere(meshes, 'all services and the ghost', (mesh) => isWhole(mesh) && has(mesh, ghost.ip));
  const emptiedBefore = new Map(meshes.map((mesh) => [mesh, mesh.sidecar.emptied.length]));
  const holes = new Holes(meshes);
  try {
    await worlds.nacos.kill();
    await worlds.nacos.start();
    const ready = performance.now();
    const ghostGone = await everywhere(meshes, 'the end of the ghost', (mesh) => !has(mesh, ghost.ip));
    await eventually('all clients', () => allListed(http), PATIENCE_MS);
    const began = performance.now();
    await http.register(news);
    const heard = await everywhere(meshes, 'news', (mesh) => has(mesh, news.ip));
    await everywhere(meshes, 'all services', isWhole);
    await http.deregister(news);
    await everywhere(meshes, 'the end of the news', (mesh) => !has(mesh, news.ip));
    return new Map(
      meshes.map((mesh) => [
        mesh,
        {
          emptied: new Set(mesh.sidecar.emptied.slice(emptiedBefore.get(mesh))).size,
          missingMs: holes.ms(mesh),
          ghostMs: ghostGone.get(mesh)! - ready,
          newsMs: heard.get(mesh)! - began,
        },
      ]),
    );
  } finally {
    holes.stop();
  }
}

export function restartTable(results: ReadonlyMap<Mesh, readonly Restarted[]>): string {
  const row = (title: string, show: (one: Restarted) => string) => [
    title,
    ...[...results.values()].map((all) => all.map(show).join(', ')),
  ];
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  return markdownTable(
    ['Nacos killed and started again', ...[...results.keys()].map(({ name }) => name)],
    [
      row(
        `of ${SERVICES.length} services with live instances, without endpoints for a while`,
        (one) => `${one.emptied}`,
      ),
      row('at least one was, for', ({ missingMs }) => seconds(missingMs)),
      row('what did not register again has left after', ({ ghostMs }) => seconds(ghostMs)),
      row('the next change arrives after', ({ newsMs }) => seconds(newsMs)),
    ],
  );
}

/** How long meshes miss a service, sampled. */
class Holes {
  private readonly total = new Map<Mesh, number>();
  private readonly timer: NodeJS.Timeout;
  private last = performance.now();

  constructor(meshes: readonly Mesh[]) {
    this.timer = setInterval(() => {
      const now = performance.now();
      for (const mesh of meshes) if (!isWhole(mesh)) this.total.set(mesh, this.ms(mesh) + now - this.last);
      this.last = now;
    }, SAMPLE_MS);
  }

  ms(mesh: Mesh): number {
    return this.total.get(mesh) ?? 0;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

/** The moment for each mesh. */
async function everywhere(
  meshes: readonly Mesh[],
  what: string,
  holds: (mesh: Mesh) => boolean,
): Promise<ReadonlyMap<Mesh, number>> {
  const moments = meshes.map(async (mesh) => {
    const at = await mesh.sidecar.until(`${what} by ${mesh.name}`, () => holds(mesh), PATIENCE_MS);
    return [mesh, at] as const;
  });
  return new Map(await Promise.all(moments));
}

function isWhole(mesh: Mesh): boolean {
  return SERVICES.every((service, i) =>
    mesh.sidecar.endpoints(mesh.cluster(service)).some(({ address }) => address === `10.6.0.${i}`),
  );
}

function has(mesh: Mesh, ip: string): boolean {
  return mesh.sidecar.endpoints(mesh.cluster(SERVICES[0]!)).some(({ address }) => address === ip);
}

async function allListed(http: NacosHttp): Promise<true | undefined> {
  const lists = await Promise.all(SERVICES.map((service) => http.list(service)));
  return lists.every((hosts) => hosts.length > 0) ? true : undefined;
}
