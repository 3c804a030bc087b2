import { eventually } from '../load';
import { rest } from './rest';

export interface NacosInstance {
  readonly serviceName: string;
  readonly ip: string;
  readonly port: number;
  readonly groupName?: string;
  readonly namespaceId?: string;
  readonly weight?: number;
  readonly enabled?: boolean;
  readonly healthy?: boolean;
  /** False: kept by the server without heartbeats, and in its data. */
  readonly ephemeral?: boolean;
  readonly clusterName?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface NacosHost {
  readonly ip: string;
  readonly port: number;
  readonly weight: number;
  readonly healthy: boolean;
  readonly enabled: boolean;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A Nacos by its v1 REST API, the plainest client there is. Without heartbeats an ephemeral instance lasts 15 s. */
export class NacosHttp {
  /** `address` is `127.0.0.1:port`. */
  constructor(private readonly address: string) {}

  async register(instance: NacosInstance): Promise<void> {
    await this.instance('POST', instance);
  }

  /** Replaces weight, `enabled` and metadata. */
  async update(instance: NacosInstance): Promise<void> {
    await this.instance('PUT', instance);
  }

  async deregister(instance: NacosInstance): Promise<void> {
    await this.instance('DELETE', instance);
  }

  async beat(instance: NacosInstance): Promise<void> {
    const { serviceName, groupName = 'DEFAULT_GROUP', ip, port, metadata = {} } = instance;
    const beat = { serviceName: `${groupName}@@${serviceName}`, ip, port, metadata, cluster: 'DEFAULT' };
    await this.call('PUT', 'instance/beat', { ...query(instance), beat: JSON.stringify(beat) });
  }

  async list(serviceName: string, where: Partial<NacosInstance> = {}): Promise<readonly NacosHost[]> {
    const answer = await this.call('GET', 'instance/list', { ...where, serviceName });
    return (answer as { hosts: readonly NacosHost[] }).hosts;
  }

  /** Edits need Raft's leader, elected some time after the server says that it is ready. */
  async untilEditable(): Promise<void> {
    const instance = { serviceName: 'lab-raft', ip: '127.0.0.1', port: 1, ephemeral: false };
    const quiet = () => undefined;
    await eventually('a Raft leader', () => this.register(instance).then(() => true, quiet), 60_000);
    await this.deregister(instance);
  }

  private instance(method: string, instance: NacosInstance): Promise<unknown> {
    return this.call(method, 'instance', query(instance));
  }

  private async call(method: string, path: string, parameters: Record<string, unknown>): Promise<unknown> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters))
      if (value !== undefined) search.set(name, String(value));
    return rest(method, `http://${this.address}/nacos/v1/ns/${path}?${search}`);
  }
}

function query(instance: NacosInstance): Record<string, unknown> {
  const { metadata, ...others } = instance;
  return { ...others, ...(metadata ? { metadata: JSON.stringify(metadata) } : {}) };
}
