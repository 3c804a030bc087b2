/** All services that the process's registry clients have asked for, and the mesh's side of them. */

import type { Locality, MeshFeed } from '../model';
import type { Log } from '../observe';
import { AddressBook, type AddressOwner, LINGER_MS } from './address-book';
import type { Addresses } from './addresses';
import { AskingContext } from './asking-context';
import { type MeshInstance, ORIGIN, ORIGIN_HOST } from './instance';
import { EQUAL_SHARES, readShares } from './merge';
import type { MeshHost } from './mesh-host';
import { MeshHosts } from './mesh-hosts';
import { readMode } from './modes';
import { idOf, type NameSettings, NameTable, type ServiceName } from './names';
import { Readiness } from './readiness';
import { Rules } from './rules';
import { RegistryService, type ServiceContext, type ServiceRules } from './service';

/** Lists followed; a process that asks for more names than this is no client of so many services. */
const MOST_SERVICES = 5_000;

export interface RegistryRules {
  readonly modes: readonly string[];
  readonly calls: readonly string[];
}

export interface HubOptions extends NameSettings, RegistryRules {
  readonly feed: MeshFeed;
  readonly addresses: Addresses;
  readonly home: Locality;
  /** The mesh's id, for the mark on records that were made from it. */
  readonly origin: string;
  /** Of its weights. */
  readonly weights: readonly string[];
  /** Milliseconds that a first list may wait for the mesh. */
  readonly firstUseTimeoutMs: number;
  readonly log: Log;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** `alive`: the process waits for it. */
  readonly later: (ms: number, action: () => void, alive?: boolean) => () => void;
  readonly onError: (error: unknown) => void;
}

export class RegistryHub {
  readonly book: AddressBook;
  readonly #services = new Map<string, RegistryService | null>();
  readonly #owners = new Map<string, { host: string; port: number; pinned: boolean }>();
  readonly #mesh: MeshHosts;
  readonly #names: NameTable;
  readonly #shares: Rules<ServiceRules['shares']>;
  readonly #readiness: Readiness;
  readonly #asking = new AskingContext();
  #rules!: { readonly modes: Rules<ServiceRules['mode']>; readonly calls: Rules<ServiceRules['calls']> };
  readonly #interested = new Set<() => void>();
  #sweeping = false;

  constructor(private readonly options: HubOptions) {
    const { feed, addresses, home, now, onError, later } = options;
    this.#names = new NameTable(options);
    this.#shares = new Rules(options.weights, readShares, EQUAL_SHARES);
    this.#readRules(options);
    this.#readiness = new Readiness(options.firstUseTimeoutMs, later);
    this.book = new AddressBook(() => this.#bookChanged());
    addresses.use({
      find: (ip, port) => this.book.find(ip, port, now(), this.#asking.last),
      isShared: (ip, port) => this.book.isShared(ip, port),
    });
    this.#mesh = new MeshHosts(
      feed,
      home,
      now,
      {
        changed: (host) => this.#meshChanged(host),
        linkChanged: () => this.#linkChanged(),
        clusterChanged: ({ cluster, endpoints }) => {
          const host = cluster.name.split('|')[3];
          if (host === undefined || host === '' || this.book.size === 0) return;
          for (const { endpoints: members } of endpoints.localities)
            for (const { address, port } of members) this.book.given(host, address, port);
        },
      },
      onError,
    );
  }

  /**
   * The list of a service under one of the client's filters; undefined: no host of the mesh stands for it, or it is
   * switched off for good.
   */
  service(name: ServiceName, filter = ''): RegistryService | undefined {
    const id = idOf(name);
    const key = `${name.source} ${name.namespace ?? ''} ${id} ${filter}`;
    const known = this.#services.get(key);
    if (known !== undefined) return known ?? undefined;
    const created = this.#create(name, id);
    this.#services.set(key, created ?? null);
    return created;
  }

  /** The client that had the list is closed. */
  release(service: RegistryService): void {
    for (const [key, known] of this.#services) if (known === service) this.#services.delete(key);
    service.close();
  }

  /** What the metadata of a record says that was made of a mesh instance. */
  metadata({ host }: MeshInstance): Record<string, string> {
    return { [ORIGIN]: this.options.origin, [ORIGIN_HOST]: host };
  }

  /** Services share addresses: it counts which of them an asker has looked up last. */
  get asksMatter(): boolean {
    return this.book.hasShared;
  }

  /** Calls back once, when it begins to matter; `false` takes that back. */
  asksMatterTo(listener: () => void, isInterested: boolean): void {
    if (!isInterested) this.#interested.delete(listener);
    else if (!this.asksMatter) this.#interested.add(listener);
  }

  /** The application looks the service up: who an address of several services is, is decided by this. */
  lookedUp(service: RegistryService): void {
    if (!this.asksMatter) return;
    const { host } = service;
    if (host !== undefined) this.#asking.lookedUp(host.host);
  }

  /** Resolves when the mesh has said what it has, or as long as a list may wait for it; undefined = no need to wait. */
  ready(service: RegistryService): Promise<void> | undefined {
    if (service.isOff || service.meshKnown || this.#mesh.hopeless) return undefined;
    return this.#readiness.wait(service);
  }

  /** The settings that may change at run time. */
  setRules(rules: RegistryRules): void {
    this.#readRules(rules);
    for (const service of this.#services.values()) service?.setRules(this.#rulesOf(service.name));
  }

  #create(name: ServiceName, id: string): RegistryService | undefined {
    const { log } = this.options;
    if (this.#services.size >= MOST_SERVICES) {
      log.line(
        'warn',
        'registry.full',
        `More than ${MOST_SERVICES} lists are in use: others are the registry's alone.`,
      );
      return undefined;
    }
    const mapped = this.#names.map(name);
    if ('problem' in mapped) {
      const message = `${name.source} service ${id} has no mesh host: ${mapped.problem}. INMESH_REGISTRY_HOSTS can name one.`;
      log.line(
        'info',
        'registry.not-mapped',
        message,
        { source: name.source, service: id },
        `${name.source} ${id}`,
      );
      return undefined;
    }
    const hosts = mapped.hosts.map((host) => this.#mesh.follow(host));
    return new RegistryService(name, hosts, this.#rulesOf(name), this.#context());
  }

  #context(): ServiceContext {
    const { now, later, onError } = this.options;
    return {
      book: this.book,
      now,
      later,
      owner: (host, port, pinned) => this.#owner(host, port, pinned),
      meshDownSince: () => this.#mesh.downSince,
      onError,
    };
  }

  #owner(host: string, port: number, pinned: boolean): AddressOwner {
    const key = `${host}:${port}`;
    const owner = this.#owners.get(key) ?? { host, port, pinned };
    this.#owners.set(key, owner);
    owner.pinned = pinned;
    return owner;
  }

  #readRules({ modes, calls }: RegistryRules): void {
    this.#rules = {
      modes: new Rules(modes, readMode, 'merge'),
      calls: new Rules(calls, readCalls, 'pin-first'),
    };
  }

  #rulesOf(name: ServiceName): ServiceRules {
    const [source, id] = [name.source, idOf(name)];
    return {
      mode: this.#rules.modes.get(source, id),
      calls: this.#rules.calls.get(source, id),
      shares: this.#shares.get(source, id),
    };
  }

  #meshChanged(host: MeshHost): void {
    this.book.meshHas(host.host, new Set(host.instances.map(({ key }) => key)), this.options.now());
    for (const service of this.#services.values()) if (service?.hosts.includes(host)) service.changed();
    this.#readiness.look();
  }

  #linkChanged(): void {
    if (this.#mesh.downSince === undefined) this.#readiness.hope();
    if (this.#mesh.hopeless) this.#readiness.giveUp();
    for (const service of this.#services.values()) service?.changed();
  }

  /** Addresses that nobody names any more are forgotten in time, in the background. */
  #bookChanged(): void {
    this.options.addresses.changed();
    if (this.book.hasShared) {
      this.#asking.distinguish();
      for (const listener of this.#interested) listener();
      this.#interested.clear();
    }
    if (this.#sweeping) return;
    this.#sweeping = true;
    this.options.later(LINGER_MS + 1, () => {
      this.#sweeping = false;
      if (this.book.sweep(this.options.now())) this.#bookChanged();
    });
  }
}

function readCalls(text: string): ServiceRules['calls'] | undefined {
  return text === 'pin-first' || text === 'balance' || text === 'off' ? text : undefined;
}
