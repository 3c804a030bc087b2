/** HTTP servers that answer with their name, on addresses that registries and the mesh give out. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export class Instance {
  /** Requests that it has answered. */
  calls = 0;
  /** Host header of the last one. */
  host = '';

  /** Also after its end. */
  port = 0;

  private constructor(
    readonly name: string,
    private readonly server: Server,
  ) {}

  static async start(name: string): Promise<Instance> {
    const server = createServer((request, response) => {
      instance.calls++;
      instance.host = request.headers.host ?? '';
      response.end(name);
    });
    const instance = new Instance(name, server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    instance.port = (server.address() as AddressInfo).port;
    return instance;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** As endpoints of the scripted control plane. */
  get endpoint(): readonly [string, number] {
    return ['127.0.0.1', this.port];
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve));
  }
}
