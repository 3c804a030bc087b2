/** The real servers of `examples/interop`: four registries, Dubbo providers, the bridge, istiod and Envoy. */

import { join } from 'node:path';
import {
  freePorts,
  type Installed,
  isSkipped,
  npmSet,
  type Skipped,
  startConsul,
  startDubboProvider,
  startEureka,
  startIstiod,
  startNacos,
  startZooKeeper,
} from '../../../lab';
import { ensureBuilt, ROOT } from '../../support/app';
import { startBridgeProcess } from '../../support/registries/bridge-process';
import { Secrets } from './secrets';
import { type SidecarPorts, startSidecar } from './sidecar';

const { bridgeConfig } = require('../../../examples/interop/mesh') as {
  bridgeConfig(registries: Readonly<Record<string, string>>): { readonly sources: readonly unknown[] };
};
/** The sidecar's filters that only Istio's build of Envoy has are left out. */
const WITHOUT_ISTIOS_FILTERS = { PILOT_ENABLE_METADATA_EXCHANGE: 'false' };

/** What `play` of examples/interop/story.js wants, and an end to it all. */
export interface Peers {
  readonly nacos: string;
  readonly eureka: string;
  readonly consul: string;
  readonly zookeeper: string;
  readonly xds: string;
  readonly sidecar: SidecarPorts;
  readonly greetings: number;
  readonly clients: string;
  serve(port: number): Promise<void>;
  apply(yaml: string): Promise<void>;
  log(): string;
  stop(): Promise<void>;
}

interface Stoppable {
  kill?(): Promise<void>;
  stop(): void | Promise<void>;
}

/** Thrown when a peer cannot be had on this machine. */
class Missing extends Error {
  constructor(readonly skipped: string) {
    super(skipped);
  }
}

/** Starts everything that does not wait for something else at once. */
export async function startPeers(): Promise<Peers | Skipped> {
  const begun: Stoppable[] = [];
  const stop = async () => {
    // An orderly end would be waited for: providers say good-bye to a registry that is gone.
    await Promise.all(begun.map((each) => each.kill?.()));
    await Promise.all(begun.map((each) => each.stop()));
  };
  const ours = async <T>(starting: Promise<T | Skipped>): Promise<T> => {
    const started = await starting;
    if (isSkipped(started)) throw new Missing(started.skipped);
    if (typeof started === 'object') begun.push(started as unknown as Stoppable);
    return started as T;
  };
  try {
    return await start(ours, stop);
  } catch (error) {
    await stop();
    if (error instanceof Missing) return { skipped: error.skipped };
    throw error;
  }
}

type Ours = <T>(starting: Promise<T | Skipped>) => Promise<T>;

async function start(ours: Ours, stop: () => Promise<void>): Promise<Peers> {
  const [[nacos, eureka, consul, zookeeper, providers], clients, secrets] = await settled([
    settled([
      ours(startNacos()),
      ours(startEureka()),
      ours(startConsul()),
      ...zookeeperAndProviders(ours),
    ] as const),
    ours<string>(
      npmSet(
        'registry-clients-newest',
        join(ROOT, 'fixtures', 'registry-clients', 'newest'),
      ) as Promise<Installed>,
    ),
    ours(new Secrets().start()),
    ensureBuilt(),
  ] as const);
  const registries = {
    nacos: nacos.address,
    eureka: eureka.url,
    consul: consul.url,
    zookeeper: zookeeper.address,
  };
  const bridge = await ours(startBridgeProcess(bridgeConfig(registries)));
  const configSources = [bridge.configSource];
  const istiod = await ours(startIstiod({ configSources, env: WITHOUT_ISTIOS_FILTERS }));
  const [outbound, inbound, strict] = (await freePorts(3)) as [number, number, number];
  const sidecar = { outbound, inbound, strict };
  let envoyLog = () => '';
  return {
    ...registries,
    xds: istiod.xdsAddress,
    sidecar,
    greetings: providers.mesh.port,
    clients,
    async serve(port) {
      const envoy = await ours(startSidecar(istiod.xdsAddress, secrets, sidecar, port));
      envoyLog = () => envoy.log();
    },
    apply: (yaml) => istiod.write('interop.yaml', yaml),
    log: () => [envoyLog(), bridge.log(), istiod.log()].map((log) => log.slice(-4000)).join('\n──\n'),
    stop,
  };
}

/** Dubbo providers: two that ZooKeeper knows, and one that nothing but the mesh will know. */
function zookeeperAndProviders(ours: Ours) {
  const zookeeper = ours(startZooKeeper());
  const providers = zookeeper.then(async ({ address }) => {
    const registries = [`zookeeper://${address}`];
    const stock = ['register-mode=all', 'app=stock', 'id=stock', 'service=stock'];
    const [known, tri, mesh] = await settled([
      ours(startDubboProvider({ registries, arguments: ['register-mode=all', 'id=known'] })),
      ours(startDubboProvider({ registries, protocols: ['tri'], arguments: stock })),
      ours(startDubboProvider({ registries: ['N/A'], arguments: ['id=mesh'] })),
    ] as const);
    return { known, tri, mesh };
  });
  return [zookeeper, providers] as const;
}

/** As `Promise.all`, but waits for all before it fails: what starts meanwhile must be stopped as well. */
async function settled<T extends readonly unknown[]>(
  all: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(all);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as never;
}
