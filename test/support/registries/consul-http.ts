import { rest } from './rest';

export interface ConsulService {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly tags?: readonly string[];
  readonly meta?: Readonly<Record<string, string>>;
  /** Of a passing instance; 1 when absent. */
  readonly weight?: number;
  /** With a check that stays as `setHealth` says; critical until then. */
  readonly checked?: boolean;
}

/** A Consul agent by its HTTP API. */
export class ConsulHttp {
  /** `url` without a path. */
  constructor(private readonly url: string) {}

  async register(service: ConsulService): Promise<void> {
    await rest('PUT', `${this.url}/v1/agent/service/register`, {
      ID: service.id,
      Name: service.name,
      Address: service.address,
      Port: service.port,
      Tags: service.tags ?? [],
      Meta: service.meta ?? {},
      Weights: { Passing: service.weight ?? 1, Warning: 1 },
      ...(service.checked ? { Check: { CheckID: checkId(service), TTL: '1h' } } : {}),
    });
  }

  async deregister(service: ConsulService): Promise<void> {
    await rest('PUT', `${this.url}/v1/agent/service/deregister/${service.id}`);
  }

  async setHealth(service: ConsulService, verdict: 'pass' | 'warn' | 'fail'): Promise<void> {
    await rest('PUT', `${this.url}/v1/agent/check/${verdict}/${checkId(service)}`);
  }

  async maintenance(service: ConsulService, on: boolean): Promise<void> {
    await rest('PUT', `${this.url}/v1/agent/service/maintenance/${service.id}?enable=${on}`);
  }

  /** `address:port` of the passing instances. */
  async passing(name: string): Promise<readonly string[]> {
    const answer = (await rest('GET', `${this.url}/v1/health/service/${name}?passing=true`)) as readonly {
      Service: { Address: string; Port: number };
    }[];
    return answer.map(({ Service }) => `${Service.Address}:${Service.Port}`);
  }
}

function checkId(service: ConsulService): string {
  return `check-${service.id}`;
}
