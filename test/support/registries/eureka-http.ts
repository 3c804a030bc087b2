import { rest } from './rest';

export interface EurekaInstance {
  readonly app: string;
  readonly instanceId: string;
  readonly ip: string;
  readonly port: number;
  readonly status?: 'UP' | 'DOWN' | 'OUT_OF_SERVICE' | 'STARTING';
  /** Until it is evicted without renewal, s; 90 when absent. */
  readonly leaseSeconds?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface EurekaApplication {
  readonly name: string;
  readonly instance: readonly {
    readonly instanceId: string;
    readonly ipAddr: string;
    readonly status: string;
  }[];
}

/** A Eureka server by its REST API. */
export class EurekaHttp {
  /** `url` ends in `/eureka`. */
  constructor(private readonly url: string) {}

  async register(one: EurekaInstance): Promise<void> {
    const seconds = one.leaseSeconds ?? 90;
    const instance = {
      instanceId: one.instanceId,
      app: one.app.toUpperCase(),
      hostName: one.ip,
      ipAddr: one.ip,
      vipAddress: one.app.toLowerCase(),
      status: one.status ?? 'UP',
      port: { $: one.port, '@enabled': 'true' },
      securePort: { $: 443, '@enabled': 'false' },
      dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
      leaseInfo: { durationInSecs: seconds, renewalIntervalInSecs: Math.ceil(seconds / 3) },
      metadata: one.metadata ?? {},
    };
    await rest('POST', `${this.url}/apps/${one.app.toUpperCase()}`, { instance });
  }

  async renew(one: EurekaInstance): Promise<void> {
    await rest('PUT', this.path(one));
  }

  async deregister(one: EurekaInstance): Promise<void> {
    await rest('DELETE', this.path(one));
  }

  /** An operator's word, over the instance's own; `UP` takes it back. */
  async override(one: EurekaInstance, status: 'OUT_OF_SERVICE' | 'UP'): Promise<void> {
    if (status === 'UP') await rest('DELETE', `${this.path(one)}/status?value=UP`);
    else await rest('PUT', `${this.path(one)}/status?value=${status}`);
  }

  async setMetadata(one: EurekaInstance, key: string, value: string): Promise<void> {
    await rest('PUT', `${this.path(one)}/metadata?${encodeURIComponent(key)}=${encodeURIComponent(value)}`);
  }

  async applications(): Promise<readonly EurekaApplication[]> {
    const answer = (await rest('GET', `${this.url}/apps`)) as {
      applications: { application: readonly EurekaApplication[] };
    };
    return answer.applications.application;
  }

  private path(one: EurekaInstance): string {
    return `${this.url}/apps/${one.app.toUpperCase()}/${one.instanceId}`;
  }
}
