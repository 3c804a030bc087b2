/** The last resort: gRPC cannot be reached, HTTP answers. Everything is asked for again and again. */

import type { ServiceInfo } from '../../../nacos';
import type { NacosServer, NacosServers } from '../../nacos';
import type { AdminApi } from './admin';
import type { NacosConfig } from './config';
import type { HttpApi } from './http-api';
import type { ServiceName } from './lister';
import { isWanted } from './service';

const CONCURRENCY = 8;
const ALL_IN_ONE_PAGE = 1_000_000;

export interface PollerOptions {
  readonly namespace: string;
  readonly config: NacosConfig;
  readonly servers: NacosServers;
  readonly api: HttpApi;
  readonly admin: AdminApi | undefined;
  /** One service as it is now. */
  readonly found: (service: ServiceName, info: ServiceInfo) => void;
  /** A round is complete: these exist, no others. */
  readonly complete: (services: readonly ServiceName[]) => void;
  /** A round could not be completed: nothing is known of what it did not reach. */
  readonly failed: (error: Error) => void;
}

export class Poller {
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #next = 0;

  constructor(readonly options: PollerOptions) {}

  start(): void {
    void this.#round();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #round(): Promise<void> {
    const { servers, config, found, complete, failed } = this.options;
    try {
      const list = await servers.list();
      const server = list[this.#next % list.length]!;
      const names = await this.#names(server);
      await inParallel(names, async (service) => {
        const info = await this.#query(server, service);
        if (!this.#stopped) found(service, info);
      });
      if (!this.#stopped) complete(names);
    } catch (error) {
      this.#next++;
      if (!this.#stopped) failed(error as Error);
    }
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#round(), config.listIntervalMs);
  }

  async #names(server: NacosServer): Promise<ServiceName[]> {
    const { config, admin, namespace, api } = this.options;
    if (config.groups === 'all') {
      return (await admin!.services(namespace)).filter(({ name }) => isWanted(name, config.dubbo.consumers));
    }
    const names: ServiceName[] = [];
    for (const group of config.groups) {
      const query = `pageNo=1&pageSize=${ALL_IN_ONE_PAGE}&namespaceId=${encodeURIComponent(namespace)}&groupName=${encodeURIComponent(group)}`;
      const { json } = await api.get(
        server,
        [
          `/v1/ns/service/list?${query}`,
          `/v2/ns/service/list?${query.replace(String(ALL_IN_ONE_PAGE), '500')}`,
        ],
        { kind: 'naming', group, name: '' },
      );
      const found: unknown = json?.doms ?? json?.data?.services;
      if (!Array.isArray(found)) throw new Error(`${server.base} gives no list of services`);
      names.push(
        ...found
          .map(String)
          .filter((name) => isWanted(name, config.dubbo.consumers))
          .map((name) => ({ group, name })),
      );
    }
    return names;
  }

  async #query(server: NacosServer, { group, name }: ServiceName): Promise<ServiceInfo> {
    const qualified = encodeURIComponent(`${group}@@${name}`);
    const id = encodeURIComponent(this.options.namespace);
    const query = `namespaceId=${id}&groupName=${encodeURIComponent(group)}&serviceName=`;
    const { json } = await this.options.api.get(
      server,
      [
        `/v1/ns/instance/list?${query}${qualified}`,
        `/v3/client/ns/instance/list?${query}${encodeURIComponent(name)}`,
      ],
      { kind: 'naming', group, name },
    );
    const hosts: unknown = json?.hosts ?? json?.data;
    if (!Array.isArray(hosts)) throw new Error(`${server.base} gives no instances of ${group}@@${name}`);
    return { name, groupName: group, hosts, lastRefTime: json?.lastRefTime };
  }
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async () => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, one));
}
