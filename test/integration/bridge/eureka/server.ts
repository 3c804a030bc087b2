/** Eureka's REST answers as its server gives them, with every fault that a test wants. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

export interface Registered {
  readonly id: string;
  readonly port?: number;
  readonly securePort?: number;
  readonly status?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export class FakeEureka {
  readonly apps = new Map<string, Map<string, Registered>>();
  /** `METHOD path` of every request. */
  readonly requests: string[] = [];
  /** Headers of the last request. */
  headers: IncomingMessage['headers'] = {};
  /** Answered instead, by path. */
  readonly override = new Map<string, (response: ServerResponse) => void>();
  /** Sent instead of the true hash. */
  wrongHash: string | undefined;
  private readonly recent: { app: string; instance: Registered; action: string }[] = [];
  private readonly server: Server;
  private readonly waiting = new Set<() => void>();

  /** `pair`: speaks TLS. */
  constructor(private readonly pair?: { readonly key: string; readonly cert: string }) {
    const answer = (request: IncomingMessage, response: ServerResponse) => this.answer(request, response);
    this.server = pair ? createSecure(pair, answer) : createServer(answer);
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.pair ? 'https' : 'http'}://127.0.0.1:${this.port}/eureka`;
  }

  register(app: string, instance: Registered): void {
    const instances = this.apps.get(app) ?? new Map<string, Registered>();
    this.apps.set(app, instances);
    const action = instances.has(instance.id) ? 'MODIFIED' : 'ADDED';
    instances.set(instance.id, instance);
    this.recent.push({ app, instance, action });
  }

  cancel(app: string, id: string): void {
    const instances = this.apps.get(app);
    const instance = instances?.get(id);
    if (!instances || !instance) return;
    instances.delete(id);
    if (instances.size === 0) this.apps.delete(app);
    this.recent.push({ app, instance, action: 'DELETED' });
  }

  /** Forgets the changes, as after the retention time: a delta no longer tells them. */
  forget(): void {
    this.recent.length = 0;
  }

  /** Resolves when so many requests of the path have been answered from now on. */
  async asked(path: string, times = 1): Promise<void> {
    const from = this.requests.length;
    const count = () => this.requests.slice(from).filter((each) => each.startsWith(path)).length;
    while (count() < times) await new Promise<void>((resolve) => this.waiting.add(resolve));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '').replace(/^\/eureka/, '');
    this.headers = request.headers;
    const [plain = ''] = path.split('?');
    response.once('close', () => {
      this.requests.push(path);
      for (const wake of this.waiting) wake();
      this.waiting.clear();
    });
    const override = this.override.get(plain);
    if (override) override(response);
    else if (plain === '/apps') send(response, this.full());
    else if (plain === '/apps/delta') send(response, this.delta());
    else response.writeHead(404).end();
  }

  private full(): unknown {
    const application = [...this.apps].map(([name, instances]) => ({
      name,
      instance: [...instances.values()].map((each) => record(name, each, 'ADDED')),
    }));
    return { applications: { versions__delta: '1', apps__hashcode: this.hash(), application } };
  }

  private delta(): unknown {
    const byApp = new Map<string, unknown[]>();
    for (const { app, instance, action } of this.recent) {
      byApp.set(app, [...(byApp.get(app) ?? []), record(app, instance, action)]);
    }
    const application = [...byApp].map(([name, instance]) => ({ name, instance }));
    return { applications: { versions__delta: '2', apps__hashcode: this.hash(), application } };
  }

  private hash(): string {
    if (this.wrongHash !== undefined) return this.wrongHash;
    const counts: Record<string, number> = {};
    for (const instances of this.apps.values()) {
      for (const { status = 'UP' } of instances.values()) counts[status] = (counts[status] ?? 0) + 1;
    }
    return Object.keys(counts)
      .sort()
      .map((status) => `${status}_${counts[status]}_`)
      .join('');
  }
}

function send(response: ServerResponse, json: unknown): void {
  response
    .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
    .end(gzipSync(JSON.stringify(json)));
}

function record(app: string, instance: Registered, actionType: string): unknown {
  const { id, port = 8080, securePort, status = 'UP', metadata = { '@class': 'Empty' } } = instance;
  return {
    instanceId: id,
    hostName: `${id}.example`,
    app,
    ipAddr: '10.0.0.1',
    status,
    overriddenStatus: 'UNKNOWN',
    port: { $: port, '@enabled': String(securePort === undefined || instance.port !== undefined) },
    securePort: { $: securePort ?? 443, '@enabled': String(securePort !== undefined) },
    dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
    metadata,
    vipAddress: app.toLowerCase(),
    actionType,
  };
}
