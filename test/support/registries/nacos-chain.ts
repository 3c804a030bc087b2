import type { Context } from 'mocha';
import { type Istiod, type NacosOptions, type NacosServer, startIstiod, startNacos } from '../../../lab';
import { peer } from '../peer';
import { type BridgeProcess, type BridgeSettings, startBridgeProcess } from './bridge-process';
import { NacosHttp } from './nacos-http';
import { Sidecar } from './sidecar';

/** The host that the bridge gives a service of the default group and namespace. */
export function nacosHost(service: string): string {
  return `${service}.default-group.public.nacos`;
}

/** Its cluster on the HTTP port, as istiod names it. */
export function nacosCluster(service: string, subset = ''): string {
  return `outbound|80|${subset}|${nacosHost(service)}`;
}

export interface ChainOptions {
  readonly nacos?: NacosOptions;
  /** Over what a plain Nacos source and a grace of a second are. */
  readonly bridge?: (nacos: NacosServer) => Partial<BridgeSettings>;
  /** Bridges; 1 when absent. */
  readonly replicas?: number;
  /** istiod's config sources; every bridge is one when absent. */
  readonly configSources?: (bridges: readonly BridgeProcess[]) => Promise<readonly string[]>;
  /** Istio YAML, by file name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly clusters?: readonly string[];
}

export function nacosSource(nacos: NacosServer, more: Readonly<Record<string, unknown>> = {}) {
  return { type: 'nacos', name: 'nacos', servers: [nacos.address], ...more };
}

/** Nacos → bridge → istiod → a sidecar, each a process of its own but the last. */
export class NacosChain {
  private constructor(
    readonly nacos: NacosServer,
    readonly bridges: readonly BridgeProcess[],
    readonly istiod: Istiod,
    readonly sidecar: Sidecar,
  ) {}

  /** Ends the test when a peer is missing. What was started until then is stopped. */
  static async start(context: Context, options: ChainOptions = {}): Promise<NacosChain> {
    const begun: { stop(): Promise<void> }[] = [];
    try {
      const nacos = peer(context, await startNacos(options.nacos));
      begun.push(nacos);
      const settings = {
        sources: [nacosSource(nacos)],
        catalogue: { graceMs: 1000 },
        ...options.bridge?.(nacos),
      };
      const bridges: BridgeProcess[] = [];
      for (let i = 0; i < (options.replicas ?? 1); i++) {
        bridges.push(await startBridgeProcess(settings));
        begun.push(bridges[i]!);
      }
      const every = async () => bridges.map((bridge) => bridge.configSource);
      const configSources = await (options.configSources ?? every)(bridges);
      const istiod = peer(context, await startIstiod({ configSources, files: options.files ?? {} }));
      begun.push(istiod);
      const sidecar = new Sidecar(istiod.xdsAddress, options.clusters ?? []);
      return new NacosChain(nacos, bridges, istiod, sidecar);
    } catch (error) {
      await Promise.all(begun.map((each) => each.stop()));
      throw error;
    }
  }

  get http(): NacosHttp {
    return new NacosHttp(this.nacos.address);
  }

  get bridge(): BridgeProcess {
    return this.bridges[0]!;
  }

  async stop(): Promise<void> {
    this.sidecar.close();
    await Promise.all([this.istiod, ...this.bridges, this.nacos].map((each) => each.stop()));
  }
}
