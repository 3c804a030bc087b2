import { join } from 'node:path';
import { goProgram } from './go-program';
import { fetchText } from './http';
import { type Installed, isSkipped, type Skipped } from './installed';
import { LabServer, type Launch, labFolder, started } from './lab-server';
import { freePorts } from './ports';

/** Consul 1.13, built from the Go module proxy: 2 minutes on two cores when Go's caches are cold. */
export function consulBinary(): Promise<Installed> {
  return goProgram('consul');
}

export interface ConsulOptions {
  /** `dc1` when absent. */
  readonly datacenter?: string;
  /** More configuration, in Consul's own words, such as `{ acl: { enabled: true } }`. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** Starts a real Consul server on free ports of the loopback; it keeps its data over restarts. */
export async function startConsul(options: ConsulOptions = {}): Promise<ConsulServer | Skipped> {
  const binary = await consulBinary();
  if (isSkipped(binary)) return binary;
  return started(new ConsulServer(binary, await labFolder('consul'), options));
}

export class ConsulServer extends LabServer {
  port = 0;
  private otherPorts: Readonly<Record<string, number>> = {};

  constructor(
    private readonly binary: string,
    folder: string,
    private readonly options: ConsulOptions,
  ) {
    super('consul', folder);
  }

  /** Of its HTTP API, without a path. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  protected async choosePorts(): Promise<void> {
    const [http, server, serf] = (await freePorts(3)) as [number, number, number];
    this.port = http;
    this.otherPorts = { server, serf_lan: serf, serf_wan: -1, dns: -1, grpc: -1, https: -1 };
  }

  protected launch(): Launch {
    const config = {
      datacenter: this.options.datacenter ?? 'dc1',
      node_name: 'lab',
      server: true,
      bootstrap: true,
      data_dir: join(this.folder, 'data'),
      bind_addr: '127.0.0.1',
      client_addr: '127.0.0.1',
      ports: { http: this.port, ...this.otherPorts },
      performance: { raft_multiplier: 1 },
      disable_update_check: true,
      log_level: 'WARN',
      ...this.options.config,
    };
    return { command: this.binary, args: ['agent', '-hcl', JSON.stringify(config)] };
  }

  /** It takes writes when there is a leader. */
  protected async isReady(): Promise<boolean> {
    const leader = await fetchText(`${this.url}/v1/status/leader`).catch(() => undefined);
    return leader?.status === 200 && leader.body.length > 2;
  }
}
