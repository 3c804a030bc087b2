/** Inner shapes of nacos-naming 2.0 to 2.6, as far as the hook touches them. */

import type { MeshInstance, Shape } from '../../src/registry';
import { addressKey } from '../../src/registry';

export interface NacosClient {
  readonly _hostReactor: Reactor;
  readonly _serverProxy: ServerProxy;
  readonly options?: { readonly namespace?: string };
}

export interface Reactor {
  readonly _serviceInfoMap: Map<string, ServiceInfo>;
  /** Keys of lists whose first answer is under way. */
  readonly _updatingSet?: Set<string>;
  processServiceJSON(json: string): ServiceInfo | undefined;
  getServiceInfo(service: string, clusters?: string): Promise<ServiceInfo>;
  updateServiceNow(service: string, clusters: string): Promise<void>;
  getServiceInfoDirectlyFromServer(service: string, clusters?: string): Promise<ServiceInfo | null>;
  emit(event: string, hosts: unknown, info: unknown): boolean;
}

export interface ServerProxy {
  queryList(service: string, clusters: string): Promise<unknown>;
}

export interface ServiceInfo {
  /** `group@@service`. */
  readonly name: string;
  readonly clusters?: string;
  hosts: readonly NacosRecord[];
  getKey(): string;
}

/** An instance as the HTTP API has it. */
export interface NacosRecord {
  readonly instanceId: string;
  readonly ip: string;
  readonly port: number;
  readonly weight: number;
  readonly healthy: boolean;
  readonly enabled: boolean;
  readonly ephemeral: boolean;
  readonly clusterName: string;
  readonly serviceName: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly instanceHeartBeatInterval: number;
  readonly instanceHeartBeatTimeOut: number;
  readonly ipDeleteTimeout: number;
}

const CLUSTER = 'DEFAULT';

/** `name`: `group@@service`. */
export function nacosShape(
  name: string,
  metadata: (instance: MeshInstance) => Record<string, string>,
): Shape<NacosRecord> {
  return {
    key: ({ ip, port }) => (typeof ip === 'string' ? addressKey(ip, port) : undefined),
    weight: ({ weight }) => weight,
    make: (instance, weight) => ({
      instanceId: `${instance.ip}#${instance.port}#${CLUSTER}#${name}`,
      ip: instance.ip,
      port: instance.port,
      weight,
      healthy: true,
      enabled: true,
      ephemeral: true,
      clusterName: CLUSTER,
      serviceName: name,
      metadata: metadata(instance),
      instanceHeartBeatInterval: 5000,
      instanceHeartBeatTimeOut: 15_000,
      ipDeleteTimeout: 30_000,
    }),
  };
}

/** Mesh instances are in the default cluster: a question for others does not get them. */
export function asksForMesh(clusters: string | undefined): boolean {
  return !clusters || clusters.split(',').includes(CLUSTER);
}
