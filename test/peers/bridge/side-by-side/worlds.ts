/** One Nacos with its own MCP server, and what istiods make of it by that and by the bridge. */

import type { Context } from 'mocha';
import { type Istiod, type NacosServer, startIstiod, startNacos } from '../../../../lab';
import { peer } from '../../../support/peer';
import {
  type BridgeProcess,
  type BridgeSettings,
  startBridgeProcess,
} from '../../../support/registries/bridge-process';
import { nacosSource } from '../../../support/registries/nacos-chain';
import { Sidecar } from '../../../support/registries/sidecar';
import { OlderTypes } from './older-types';

export const PORT = 8080;
export const TRACKS: readonly string[] = ['a', 'b'];

/** How one way names a service that is called for the first time on PORT, in the default group and namespace. */
interface Naming {
  /** Service port of an HTTP instance on PORT. */
  readonly port: number;
  host(service: string): string;
}

const NACOS_ISTIO: Naming = { port: PORT, host: (service) => `${service}.DEFAULT-GROUP.public.nacos` };
const BRIDGE: Naming = { port: 80, host: (service) => `${service}.default-group.public.nacos`.toLowerCase() };

/** An istiod and a sidecar of it. */
export class Mesh {
  readonly sidecar: Sidecar;

  constructor(
    readonly name: string,
    readonly istiod: Istiod,
    readonly naming: Naming,
    services: readonly string[],
  ) {
    const clusters = services.flatMap((service) =>
      ['', ...TRACKS].map((track) => this.cluster(service, track)),
    );
    this.sidecar = new Sidecar(istiod.xdsAddress, clusters);
  }

  cluster(service: string, subset = ''): string {
    return `outbound|${this.naming.port}|${subset}|${this.naming.host(service)}`;
  }
}

export interface Worlds {
  readonly nacos: NacosServer;
  readonly bridge: BridgeProcess;
  /** A current istiod on Nacos' own port. */
  readonly current: Istiod;
  /** Nacos' own port, asked as an istiod before 1.24 asks. */
  readonly nacosIstio: Mesh;
  readonly ours: Mesh;
  stop(): Promise<void>;
}

export interface WorldOptions {
  /** Watched in both meshes, with a subset for each track. */
  readonly services: readonly string[];
  /** System properties of Nacos. */
  readonly nacos: Readonly<Record<string, string>>;
  /** Keys of the bridge's source. */
  readonly source: Readonly<Record<string, unknown>>;
}

export function bridgeSettings(nacos: NacosServer, source: WorldOptions['source']): BridgeSettings {
  return { sources: [nacosSource(nacos, source)], catalogue: { graceMs: 1000 } };
}

/** Ends the test when a peer is missing. */
export async function startWorlds(
  context: Context,
  { services, nacos: properties, source }: WorldOptions,
): Promise<Worlds> {
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    const nacos = peer(context, await startNacos({ version: 2, istio: true, properties }));
    stops.push(() => nacos.stop());
    const bridge = await startBridgeProcess(bridgeSettings(nacos, source));
    stops.push(() => bridge.stop());
    const ownPort = `127.0.0.1:${nacos.mcpPort}`;
    const relay = await OlderTypes.start(ownPort);
    stops.push(() => relay.stop());
    const istiod = async (source: string, naming: Naming) => {
      const files = { 'tracks.yaml': services.map((service) => tracks(service, naming)).join('\n---\n') };
      const found = peer(context, await startIstiod({ configSources: [source], files }));
      stops.push(() => found.stop());
      return found;
    };
    const mesh = async (name: string, source: string, naming: Naming) => {
      const one = new Mesh(name, await istiod(source, naming), naming, services);
      stops.push(() => one.sidecar.close());
      return one;
    };
    const [current, nacosIstio, ours] = await Promise.all([
      istiod(`xds://${ownPort}`, NACOS_ISTIO),
      mesh('nacos-istio', relay.configSource, NACOS_ISTIO),
      mesh('bridge', bridge.configSource, BRIDGE),
    ]);
    return { nacos, bridge, current, nacosIstio, ours, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function tracks(service: string, naming: Naming): string {
  return JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: service, namespace: 'istio-system' },
    spec: {
      host: naming.host(service),
      subsets: TRACKS.map((track) => ({ name: track, labels: { track } })),
    },
  });
}
