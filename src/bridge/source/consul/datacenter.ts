/** Follows one datacenter: its list of services, and each service's instances. */

import { isDeepStrictEqual } from 'node:util';
import type { RegistryService, SourceContext, SourceSink } from '../../model';
import type { ConsulAgent, ConsulAnswer } from './agent';
import { readCheckStates, readEntries, readServices } from './answer';
import type { ConsulConfig } from './config';
import { keyOf, serviceOf } from './service';
import { Sweeper } from './sweeper';
import { Watch, type WatchEvents } from './watch';

/** Of the connections, those that are not for single services: the catalogue, and room for others' questions. */
const RESERVED = 2;
const CHECKS = '/v1/health/state/any';

export interface DatacenterOptions {
  readonly name: string;
  readonly agent: ConsulAgent;
  readonly config: ConsulConfig;
  readonly context: SourceContext;
  readonly sink: SourceSink;
  /** Connections that it may hold. */
  readonly connections: () => number;
  /** `complete` or `failure` is another one. */
  readonly changed: () => void;
}

export class Datacenter {
  /** Why its state may be old; undefined = it is not. */
  failure: string | undefined;
  private readonly tags = new Map<string, readonly string[]>();
  /** Questions without a good answer since they were first asked, or since they failed: paths. */
  private readonly unread = new Set<string>();
  private readonly watches = new Map<string, Watch>();
  private readonly reported = new Map<string, RegistryService>();
  private readonly faulty = new Map<string, readonly string[]>();
  private readonly nodes = new Map<string, ReadonlySet<string>>();
  private readonly catalog: Watch;
  private checks: Watch | undefined;
  private checkStates: ReadonlyMap<string, string> | undefined;
  private sweeper: Sweeper | undefined;
  private filteredSaid = false;

  constructor(private readonly options: DatacenterOptions) {
    this.catalog = this.watch('/v1/catalog/services', (answer) => this.take(answer));
  }

  /** Everything that the datacenter has now was reported. */
  get complete(): boolean {
    return this.unread.size === 0;
  }

  async stop(): Promise<void> {
    await Promise.all([
      this.catalog.stop(),
      this.checks?.stop(),
      this.sweeper?.stop(),
      ...[...this.watches.values()].map((watch) => watch.stop()),
    ]);
  }

  /** Takes back all that it reported, after `stop`. */
  forget(): void {
    for (const name of [...this.tags.keys()]) this.drop(name);
  }

  private take(answer: ConsulAnswer): void {
    const { config, context } = this.options;
    if (answer.filtered && !this.filteredSaid) {
      this.filteredSaid = true;
      context.log.warn('consul.filtered', { source: config.name, datacenter: this.options.name });
    }
    const listed = readServices(answer.json);
    for (const name of [...this.tags.keys()]) if (!this.isWanted(name, listed.get(name))) this.drop(name);
    const news: string[] = [];
    for (const [name, tags] of listed) {
      if (!this.isWanted(name, tags)) continue;
      const before = this.tags.get(name);
      this.tags.set(name, tags);
      if (!before) this.unread.add(pathOf(name));
      if (!before || !isDeepStrictEqual(before, tags)) news.push(name);
    }
    this.distribute(news);
  }

  private isWanted(name: string, tags: readonly string[] | undefined): boolean {
    const { exclude, tags: wanted } = this.options.config;
    if (!tags || exclude.includes(name)) return false;
    return wanted.length === 0 || wanted.some((tag) => tags.includes(tag));
  }

  /** One question held open for each service, or, when these are too many, the sweeper. */
  private distribute(news: readonly string[]): void {
    const room = Math.max(1, this.options.connections() - RESERVED);
    const limit = this.sweeper ? room * 0.8 : room;
    if (this.tags.size <= limit) {
      this.endSweeping();
      for (const name of this.tags.keys()) if (!this.watches.has(name)) this.follow(name);
    } else if (this.sweeper) {
      this.sweeper.soon(news);
      this.sweeper.everything();
    } else this.beginSweeping();
  }

  private follow(name: string): void {
    this.watches.set(
      name,
      this.watch(pathOf(name), ({ json }) => this.report(name, json)),
    );
  }

  private beginSweeping(): void {
    const { agent, config, context, name: datacenter } = this.options;
    context.log.info('consul.sweeping', { source: config.name, datacenter, services: this.tags.size });
    for (const watch of this.watches.values()) void watch.stop();
    this.watches.clear();
    this.sweeper = new Sweeper({
      intervalMs: config.sweepIntervalMs,
      random: context.random,
      names: () => this.tags.keys(),
      failed: (name, sentence) => this.fail(pathOf(name), sentence),
      read: async (name, signal) => {
        const { json } = await agent.ask({ path: pathOf(name), datacenter, signal });
        if (signal.aborted || !this.tags.has(name)) return;
        this.report(name, json);
        this.succeed(pathOf(name));
      },
    });
    // What is read from now on is newer than the first list of checks, against which later ones are compared.
    this.checkStates = undefined;
    this.checks = this.watch(CHECKS, ({ json }) => this.compareChecks(readCheckStates(json)));
  }

  private endSweeping(): void {
    void this.checks?.stop();
    void this.sweeper?.stop();
    this.unread.delete(CHECKS);
    this.checks = undefined;
    this.sweeper = undefined;
  }

  private compareChecks(states: ReadonlyMap<string, string>): void {
    const before = this.checkStates;
    this.checkStates = states;
    if (!before) {
      this.sweeper?.soon(this.tags.keys());
      return;
    }
    const keys = new Set([...before.keys(), ...states.keys()]);
    const services = new Set<string>();
    for (const key of keys) {
      if (before.get(key) === states.get(key)) continue;
      const name = key.slice(key.indexOf(' ') + 1);
      if (key.startsWith('service ')) services.add(name);
      else for (const [service, nodes] of this.nodes) if (nodes.has(name)) services.add(service);
    }
    this.sweeper?.soon([...services].filter((name) => this.tags.has(name)));
  }

  private report(name: string, json: unknown): void {
    const { sink, config, name: datacenter } = this.options;
    const entries = readEntries(json);
    this.nodes.set(name, new Set(entries.map(({ node }) => node)));
    const described = serviceOf({ namespace: config.namespace, datacenter, name }, entries, config.warning);
    if (!described) {
      this.retract(name);
      return;
    }
    const { service, problems } = described;
    for (const id of this.faulty.get(name) ?? []) {
      if (!problems.has(id)) sink.problem(service.key, id, undefined);
    }
    for (const [id, problem] of problems) sink.problem(service.key, id, problem);
    this.faulty.set(name, [...problems.keys()]);
    if (isDeepStrictEqual(service, this.reported.get(name))) return;
    this.reported.set(name, service);
    sink.update(service);
  }

  private drop(name: string): void {
    this.tags.delete(name);
    this.unread.delete(pathOf(name));
    this.nodes.delete(name);
    void this.watches.get(name)?.stop();
    this.watches.delete(name);
    this.retract(name);
  }

  private retract(name: string): void {
    const { sink, config, name: datacenter } = this.options;
    const key = keyOf({ namespace: config.namespace, datacenter, name });
    for (const id of this.faulty.get(name) ?? []) sink.problem(key, id, undefined);
    this.faulty.delete(name);
    if (this.reported.delete(name)) sink.remove(key);
  }

  private watch(path: string, changed: WatchEvents['changed']): Watch {
    const { agent, name, context } = this.options;
    const { random, now } = context;
    this.unread.add(path);
    return new Watch(
      { agent, path, datacenter: name, random, now },
      {
        changed,
        answered: () => this.succeed(path),
        failed: (sentence) => this.fail(path, sentence),
      },
    );
  }

  private fail(path: string, sentence: string): void {
    this.unread.add(path);
    this.failure = sentence;
    this.options.changed();
  }

  private succeed(path: string): void {
    this.unread.delete(path);
    if (this.complete) this.failure = undefined;
    this.options.changed();
  }
}

function pathOf(name: string): string {
  return `/v1/health/service/${encodeURIComponent(name)}`;
}
