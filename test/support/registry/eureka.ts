/** A Eureka of one full answer, as its server gives it. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Instance } from './instances';

type Member = Pick<Instance, 'name' | 'port'>;

export class FullAnswers {
  /** By application. */
  readonly apps = new Map<string, readonly Member[]>();
  /** By application: registered, but OUT_OF_SERVICE. */
  readonly out = new Map<string, readonly Member[]>();
  /** Paths that were asked for. */
  readonly requests: string[] = [];

  private constructor(private readonly server: Server) {}

  static async start(port = 0): Promise<FullAnswers> {
    const server = createServer((request, response) => {
      answers.requests.push(`${request.method} ${request.url}`);
      if (request.method === 'POST') {
        // Registered: 4.1 does so whatever it is told.
        response.writeHead(204).end();
        return;
      }
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answers.body()));
    });
    const answers = new FullAnswers(server);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return answers;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private body(): unknown {
    const application = [...this.apps].map(([name, instances]) => ({
      name,
      instance: [
        ...instances.map((instance) => record(name, instance, 'UP')),
        ...(this.out.get(name) ?? []).map((instance) => record(name, instance, 'OUT_OF_SERVICE')),
      ],
    }));
    return { applications: { versions__delta: '1', apps__hashcode: '', application } };
  }
}

function record(app: string, { name, port }: Member, status: string): unknown {
  return {
    instanceId: name,
    hostName: 'localhost',
    app,
    ipAddr: '127.0.0.1',
    status,
    overriddenStatus: 'UNKNOWN',
    port: { $: port, '@enabled': 'true' },
    securePort: { $: 443, '@enabled': 'false' },
    countryId: 1,
    dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
    metadata: { version: 'legacy' },
    vipAddress: app.toLowerCase(),
    actionType: 'ADDED',
  };
}
