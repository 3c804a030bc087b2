/**
 * Two bridges, each between its own real Nacos and one real istiod, export to their Nacos what the other one brings in.
 * Unmodified clients of either see each instance once, whoever is killed.
 */
import { strict as assert } from 'node:assert';
import { type Istiod, type NacosServer, startIstiod, startNacos } from '../../../lab';
import { eventually } from '../../support/load';
import { startNacosSource, stopNacosSources } from '../../support/nacos-bridge';
import { NacosClient } from '../../support/nacos-client';
import { drill, peer } from '../../support/peer';
import {
  type BridgeProcess,
  type BridgeSettings,
  startBridgeProcess,
} from '../../support/registries/bridge-process';
import { npmNacos } from '../../support/registries/nacos-npm';
import { Sidecar } from '../../support/registries/sidecar';

const SERVICE = 'orders';
const KEY = `public/DEFAULT_GROUP/${SERVICE}`;
const NAMES = ['one', 'two'] as const;
const PATIENCE_MS = 120_000;
/** Two Java processes take longer to start than the short form has time for. */
const IS_DRILL = drill({ short: false, full: true });

type Npm = Awaited<ReturnType<typeof npmNacos>>;

describe('two bridges on two real Nacos in a ring', function () {
  if (!IS_DRILL) return;
  this.timeout(600_000);
  const servers: NacosServer[] = [];
  const bridges: BridgeProcess[] = [];
  /** Applications at each registry, and who only asks. */
  const owners: Npm[] = [];
  const readers: NacosClient[] = [];
  let istiod: Istiod;
  let sidecar: Sidecar;

  before(async function () {
    for (const _name of NAMES) servers.push(peer(this, await startNacos()));
    for (const index of NAMES.keys()) bridges.push(await startBridgeProcess(settings(index)));
    istiod = peer(this, await startIstiod({ configSources: bridges.map((each) => each.configSource) }));
    for (const [index, bridge] of bridges.entries()) await bridge.configure(settings(index, istiod));
    sidecar = new Sidecar(istiod.xdsAddress, NAMES.map(clusterOf));
    for (const { address } of servers) {
      owners.push(await npmNacos(address));
      readers.push(await NacosClient.start(address));
    }
  });

  afterEach(function () {
    if (this.currentTest?.state === 'failed')
      for (const bridge of bridges) console.log(bridge.log().slice(-3000));
  });

  after(async () => {
    sidecar?.close();
    await stopNacosSources();
    await Promise.all([...owners, ...readers].map((each) => each.close()));
    await Promise.all([...bridges, istiod, ...servers].map((each) => each?.stop()));
  });

  /** Of the bridge at one registry; with an istiod it exports there what the other registry has. */
  function settings(index: number, mesh?: Istiod): BridgeSettings {
    const [name, other] = [NAMES[index], NAMES[1 - index]];
    const nacos = { servers: [servers[index]!.address] };
    const host = { convert: { hostTemplate: `{service}.${name}` } };
    const exported = {
      xds: `grpc://${mesh?.xdsAddress}`,
      meshId: `mesh-${name}`,
      nacos,
      hosts: [{ host: `${SERVICE}.${other}`, as: SERVICE }],
    };
    return {
      sources: [{ type: 'nacos', name, ...nacos, listIntervalMs: 1_000, ...host }],
      catalogue: { graceMs: 1_000 },
      ...(mesh && { export: exported }),
    };
  }

  /** Both registries list all of them, each once; the mesh has each at the host of its own registry. */
  async function everywhere(first: readonly string[], second: readonly string[]): Promise<void> {
    const all = [...first, ...second].sort().join();
    for (const [index, reader] of readers.entries()) {
      const isListed = async () => {
        const hosts = await reader.hosts(SERVICE);
        return (
          hosts
            .map(({ ip }) => ip)
            .sort()
            .join() === all || undefined
        );
      };
      await eventually(`${all} in Nacos ${NAMES[index]}`, isListed, PATIENCE_MS);
    }
    for (const [index, own] of [first, second].entries()) {
      const wanted = own.map((ip) => `${ip}:80`).join();
      const isThere = () => sidecar.addresses(clusterOf(NAMES[index]!)).join() === wanted;
      await sidecar.until(`${wanted} at the host of ${NAMES[index]}`, isThere, PATIENCE_MS);
    }
  }

  it('show each instance once everywhere, follow its changes, and let go what leaves', async () => {
    const [one, two] = owners as [Npm, Npm];
    await one.registerInstance(SERVICE, { ip: '10.1.0.1', port: 80 });
    await two.registerInstance(SERVICE, { ip: '10.2.0.1', port: 80 });
    await everywhere(['10.1.0.1'], ['10.2.0.1']);
    await one.registerInstance(SERVICE, { ip: '10.1.0.2', port: 80 });
    await everywhere(['10.1.0.1', '10.1.0.2'], ['10.2.0.1']);
    await one.deregisterInstance(SERVICE, { ip: '10.1.0.1', port: 80 });
    await two.registerInstance(SERVICE, { ip: '10.2.0.2', port: 80 });
    await everywhere(['10.1.0.2'], ['10.2.0.1', '10.2.0.2']);
    await two.deregisterInstance(SERVICE, { ip: '10.2.0.2', port: 80 });
    await everywhere(['10.1.0.2'], ['10.2.0.1']);
  });

  it('one of two replicas is killed: a subscriber misses nothing at any time', async () => {
    const replica = await startBridgeProcess(settings(0, istiod));
    bridges.push(replica);
    const isPublished = async () => {
      const { exports } = await replica.page<{ exports: { published: number }[] }>('/exports');
      return exports[0]?.published === 1 || undefined;
    };
    await eventually('the publication of the replica', isPublished, PATIENCE_MS);
    const { sink } = startNacosSource({ servers: [servers[0]!.address] });
    await sink.until(() => sink.addresses(KEY)?.length === 2, 'both', PATIENCE_MS);
    const seen = sink.events.length;
    await bridges[0]!.kill();
    const [, two] = owners as [Npm, Npm];
    await two.registerInstance(SERVICE, { ip: '10.2.0.3', port: 80 });
    await sink.until(() => sink.addresses(KEY)?.length === 3, 'news by the other replica', PATIENCE_MS);
    const news = sink.events.slice(seen).filter((event) => event.includes(KEY));
    assert.deepEqual(
      news.filter((event) => !new RegExp(`^update ${KEY} [23]$`).test(event)),
      [],
    );
    const hosts = await readers[0]!.hosts(SERVICE);
    assert.deepEqual(hosts.map(({ ip }) => ip).sort(), ['10.1.0.2', '10.2.0.1', '10.2.0.3']);
  });

  it('what leaves the mesh leaves the other registry', async () => {
    const [, two] = owners as [Npm, Npm];
    for (const ip of ['10.2.0.1', '10.2.0.3']) await two.deregisterInstance(SERVICE, { ip, port: 80 });
    const isGone = async () => {
      const hosts = await readers[0]!.hosts(SERVICE);
      return hosts.map(({ ip }) => ip).join() === '10.1.0.2' || undefined;
    };
    await eventually('only its own instance', isGone, PATIENCE_MS);
  });
});

function clusterOf(name: string): string {
  return `outbound|80||${SERVICE}.${name}`;
}
