/** Consul's catalogue and health with blocking queries, and every fault that a test wants. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Registered {
  readonly id: string;
  readonly port: number;
  readonly address?: string;
  readonly node?: string;
  readonly kind?: string;
  readonly tags?: readonly string[];
  readonly meta?: Readonly<Record<string, string>>;
  readonly weights?: { readonly Passing: number; readonly Warning: number };
  /** Of its check; without, it has none. */
  readonly status?: string;
  readonly checkId?: string;
}

interface Held {
  readonly path: string;
  readonly datacenter: string;
  readonly index: number;
  /** Only those whose checks all pass are asked for. */
  readonly passing: boolean;
  readonly response: ServerResponse;
  readonly timer: NodeJS.Timeout;
}

/** Of one datacenter. */
class State {
  readonly services = new Map<string, Map<string, Registered>>();
  /** By path: when what is found there changed last. */
  readonly indexes = new Map<string, number>();
}

export class FakeConsul {
  readonly states = new Map<string, State>();
  /** `path?query` of every question. */
  readonly requests: string[] = [];
  headers: IncomingMessage['headers'] = {};
  /** Answers every question itself while set; true = answered. */
  intercept: ((path: string, response: ServerResponse) => boolean) | undefined;
  /** Largest number of questions that were held at a time. */
  mostHeld = 0;
  index = 10;
  private readonly server: Server;
  private readonly held = new Set<Held>();
  private readonly checkedAt = new Map<Registered, number>();

  constructor(readonly datacenters: readonly string[] = ['dc1']) {
    for (const each of datacenters) this.states.set(each, new State());
    this.server = createServer((request, response) => this.answer(request, response));
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  register(name: string, instance: Registered, datacenter = 'dc1'): void {
    const state = this.states.get(datacenter)!;
    const instances = state.services.get(name) ?? new Map<string, Registered>();
    state.services.set(name, instances);
    const before = instances.get(instance.id);
    instances.set(instance.id, instance);
    const checksChanged = before?.status !== instance.status;
    this.touch(datacenter, [healthOf(name), '/v1/catalog/services', ...(checksChanged ? [CHECKS] : [])]);
  }

  /** Only the check's state: the catalogue does not change. */
  check(name: string, id: string, status: string, datacenter = 'dc1'): void {
    const instances = this.states.get(datacenter)!.services.get(name)!;
    const changed = { ...instances.get(id)!, status };
    instances.set(id, changed);
    this.checkedAt.set(changed, this.index + 1);
    this.touch(datacenter, [healthOf(name), CHECKS]);
  }

  deregister(name: string, id: string, datacenter = 'dc1'): void {
    const { services } = this.states.get(datacenter)!;
    services.get(name)?.delete(id);
    if (services.get(name)?.size === 0) services.delete(name);
    this.touch(datacenter, [healthOf(name), '/v1/catalog/services', CHECKS]);
  }

  /** Begins to count anew, as after a restore: the index goes backwards. */
  restart(index: number): void {
    this.index = index;
    for (const [datacenter, state] of this.states) this.touch(datacenter, [...state.indexes.keys()]);
  }

  async close(): Promise<void> {
    for (const each of this.held) clearTimeout(each.timer);
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private touch(datacenter: string, paths: readonly string[]): void {
    const { indexes } = this.states.get(datacenter)!;
    this.index++;
    for (const path of paths) indexes.set(path, this.index);
    for (const each of [...this.held]) {
      if (each.datacenter === datacenter && paths.includes(each.path)) this.release(each);
    }
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://consul');
    const path = decodeURIComponent(url.pathname);
    this.requests.push(request.url ?? '');
    this.headers = request.headers;
    if (this.intercept?.(path, response)) return;
    const datacenter = url.searchParams.get('dc') ?? this.datacenters[0]!;
    const state = this.states.get(datacenter);
    if (!state) {
      response.writeHead(500).end('No path to datacenter');
      return;
    }
    const index = Number(url.searchParams.get('index') ?? 0);
    const wait = Number((url.searchParams.get('wait') ?? '').replace('ms', '')) || 300_000;
    const timer = setTimeout(() => this.release(held), wait);
    const passing = ['', '1', 'true'].includes(url.searchParams.get('passing') ?? 'no');
    const held: Held = { path, datacenter, index, passing, response, timer };
    this.held.add(held);
    response.once('close', () => this.forget(held));
    if (index === 0 || this.indexOf(held) !== index) this.release(held);
    this.mostHeld = Math.max(this.mostHeld, this.held.size);
  }

  private release(held: Held): void {
    if (!this.held.has(held)) return;
    this.forget(held);
    held.response.writeHead(200, { 'x-consul-index': String(this.indexOf(held)) });
    held.response.end(JSON.stringify(this.content(held)));
  }

  private forget(held: Held): void {
    clearTimeout(held.timer);
    this.held.delete(held);
  }

  private indexOf({ datacenter, path }: Held): number {
    return this.states.get(datacenter)!.indexes.get(path) ?? Math.min(this.index, 1);
  }

  private content({ datacenter, path, passing }: Held): unknown {
    const { services } = this.states.get(datacenter)!;
    if (path === '/v1/catalog/datacenters') return this.datacenters;
    if (path === '/v1/catalog/services') {
      const tagsOf = (instances: Map<string, Registered>) => [
        ...new Set([...instances.values()].flatMap(({ tags = [] }) => tags)),
      ];
      return Object.fromEntries([...services].map(([name, instances]) => [name, tagsOf(instances)]));
    }
    if (path === CHECKS) {
      return [...services].flatMap(([name, instances]) =>
        [...instances.values()].flatMap((each) => checksOf(name, each, this.checkedAt.get(each))),
      );
    }
    const name = path.slice('/v1/health/service/'.length);
    return [...(services.get(name)?.values() ?? [])]
      .filter(({ status = 'passing' }) => !passing || status === 'passing')
      .map((each) => entryOf(name, each, datacenter));
  }
}

const CHECKS = '/v1/health/state/any';

function healthOf(name: string): string {
  return `/v1/health/service/${name}`;
}

function checksOf(name: string, instance: Registered, ModifyIndex = 1) {
  const { id, node = 'n1', status, checkId = `service:${id}` } = instance;
  if (status === undefined) return [];
  return [{ Node: node, CheckID: checkId, Status: status, ServiceID: id, ServiceName: name, ModifyIndex }];
}

function entryOf(name: string, instance: Registered, datacenter: string): unknown {
  const { id, port, address = '', node = 'n1', kind = '', tags = [], meta = {}, weights } = instance;
  return {
    Node: { Node: node, Address: '10.0.0.9', Datacenter: datacenter },
    Service: {
      ...{ Kind: kind, ID: id, Service: name, Tags: tags, Address: address, Port: port, Meta: meta },
      ...{ Weights: weights ?? { Passing: 1, Warning: 1 } },
    },
    Checks: [{ Node: node, CheckID: 'serfHealth', Status: 'passing' }, ...checksOf(name, instance)],
  };
}
