import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ROOT, Script } from './app';
import type { EndpointSpec } from './mesh-yaml';

/** An HTTP server of this process on the loopback. */
export class Backend {
  private constructor(
    readonly server: Server,
    readonly port: number,
  ) {}

  static async start(listener: RequestListener, address = '127.0.0.1'): Promise<Backend> {
    const server = createServer(listener);
    server.listen(0, address);
    await once(server, 'listening');
    return new Backend(server, (server.address() as AddressInfo).port);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** An instance of the demo's service `go-sc-b`, a process of its own that can be killed. */
export interface Instance {
  readonly endpoint: EndpointSpec;
  readonly version: string;
  kill(): Promise<void>;
}

export async function startInstance(version: string, address: string): Promise<Instance> {
  const script = new Script(join(ROOT, 'examples', 'demo', 'go-sc-b.js'), {
    preload: false,
    env: { VERSION: version, ADDRESS: address },
  });
  const { listening } = await script.fact('listening');
  return {
    version,
    endpoint: { address, port: Number(listening), labels: { version } },
    kill: () => script.stop(),
  };
}
