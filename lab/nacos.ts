import { join } from 'node:path';
import { fetchText } from './http';
import { isSkipped, type Skipped } from './installed';
import { LabServer, type Launch, labFolder, started } from './lab-server';
import { jvmOptions, mavenProject } from './maven-project';
import { freePort, freePortFamily } from './ports';

/** What Nacos listens on beside its main port: gRPC for clients, gRPC within a cluster, Raft. */
const GRPC_OFFSET = 1000;
const CLUSTER_GRPC_OFFSET = 1001;
const RAFT_OFFSET = -1000;

export interface NacosOptions {
  /** `3` is 3.1, `2` is 2.2.4, an altered build: a second voice, not the reference. */
  readonly version?: 2 | 3;
  /** With Nacos' own MCP server (`mcpPort`). */
  readonly istio?: boolean;
  /** Further system properties, such as `nacos.core.auth.enabled`. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** Starts a real Nacos on free ports of the loopback, without a console; about 6 s on an idle machine. */
export async function startNacos(options: NacosOptions = {}): Promise<NacosServer | Skipped> {
  const version = options.version ?? 3;
  const jars = await mavenProject(`nacos-${version}x`, options.istio ? 'istio' : '');
  if (isSkipped(jars)) return jars;
  return started(new NacosServer(jars, await labFolder(`nacos-${version}x`), { ...options, version }));
}

export class NacosServer extends LabServer {
  /** HTTP. */
  port = 0;
  /** Of its own MCP server; 0 without it. */
  mcpPort = 0;

  constructor(
    private readonly jars: string,
    folder: string,
    private readonly options: NacosOptions & { readonly version: 2 | 3 },
  ) {
    super(`nacos-${options.version}x`, folder, 120_000);
  }

  /** `127.0.0.1:port`, as clients are configured; they find gRPC at port + 1000 by themselves. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get grpcPort(): number {
    return this.port + GRPC_OFFSET;
  }

  protected async choosePorts(): Promise<void> {
    this.port = await freePortFamily([GRPC_OFFSET, CLUSTER_GRPC_OFFSET, RAFT_OFFSET]);
    this.mcpPort = this.options.istio ? await freePort() : 0;
  }

  protected launch(): Launch {
    const properties: Record<string, string | number> = {
      'nacos.home': this.folder,
      ...(this.options.version === 3
        ? // Edits of instances by v1 HTTP, which the tests' older clients use, are off by default.
          { 'nacos.server.main.port': this.port, 'nacos.core.api.compatibility.admin.enabled': 'true' }
        : { 'server.port': this.port }),
      ...(this.options.istio
        ? {
            'nacos.extension.naming.istio.enabled': 'true',
            'nacos.istio.mcp.server.enabled': 'true',
            'nacos.istio.mcp.server.port': this.mcpPort,
          }
        : {}),
      ...this.options.properties,
    };
    const defines = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
    const args = [...jvmOptions(256, this.folder), ...defines, '-jar', join(this.jars, 'nacos-server.jar')];
    return { command: 'java', args };
  }

  /** Its database gives up after 10 s, which a busy machine can take to open it. */
  protected override isWorthATry(log: string): boolean {
    return /login timeout exceeded/i.test(log) || super.isWorthATry(log);
  }

  /** Its word comes when all parts are up; edits need Raft's leader too, elected about a second later. */
  protected async isReady(): Promise<boolean> {
    if (!this.log().includes('NACOS-READY')) return false;
    const state = await fetchText(`http://${this.address}/nacos/v1/ns/operator/metrics`).catch(
      () => undefined,
    );
    return state?.status === 200 || state?.status === 403;
  }
}
