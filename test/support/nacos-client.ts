/** The unmodified npm `nacos` client, quiet. */

// biome-ignore lint/suspicious/noExplicitAny: the package has no types
const { NacosNamingClient } = require('nacos') as any;

export interface NacosHost {
  readonly ip: string;
  readonly port: number;
  readonly weight: number;
  readonly healthy: boolean;
  readonly metadata: Readonly<Record<string, string>>;
}

const quiet = () => undefined;
const SILENT = { info: quiet, warn: quiet, error: quiet, debug: quiet };

export class NacosClient {
  // biome-ignore lint/suspicious/noExplicitAny: the package has no types
  private constructor(readonly client: any) {}

  static async start(serverList: string, namespace = 'public'): Promise<NacosClient> {
    const client = new NacosNamingClient({ logger: SILENT, serverList, namespace });
    // A server that is away is an event without which the process would end.
    client.on('error', () => undefined);
    await client.ready();
    return new NacosClient(client);
  }

  register(
    service: string,
    port: number,
    more: Readonly<Record<string, unknown>> = {},
    group = 'DEFAULT_GROUP',
  ) {
    const instance = { ip: '127.0.0.1', port, metadata: {}, ...more };
    return this.client.registerInstance(service, instance, group);
  }

  deregister(service: string, port: number, group = 'DEFAULT_GROUP') {
    return this.client.deregisterInstance(service, { ip: '127.0.0.1', port }, group);
  }

  hosts(service: string, group = 'DEFAULT_GROUP'): Promise<NacosHost[]> {
    return this.client.getAllInstances(service, group, 'DEFAULT', false);
  }

  /** The lists that the subscriber is given, as they come. */
  subscribe(service: string, listener: (hosts: NacosHost[]) => void, group = 'DEFAULT_GROUP'): void {
    this.client.subscribe({ serviceName: service, groupName: group }, listener);
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}
