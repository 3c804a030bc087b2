/** The sources that run: started, stopped, and kept over changes of the configuration that do not concern them. */

import { isDeepStrictEqual } from 'node:util';
import type { Catalogue } from '../catalogue';
import type { SourceConfig } from '../config';
import type { RegistryService, Source } from '../model';
import { type Sibling, SOURCE_TYPES } from '../source';
import type { BridgeLog } from './log';
import { RelaySink } from './relay';

/** A service as a registry lists it. */
export interface Registered {
  readonly source: string;
  readonly service: RegistryService;
}

interface Running {
  readonly config: SourceConfig;
  readonly source: Source;
  readonly sink: RelaySink;
}

/** Types of sources in which Dubbo registers. */
const DUBBO_TYPES: ReadonlySet<string> = new Set(['nacos', 'zookeeper']);

/** Makes a source of its configuration. Throws an Error with a sentence when that makes no sense. */
export type MakeSource = (config: SourceConfig, log: BridgeLog, sibling: Sibling) => Source;

export const makeSource: MakeSource = ({ type, name, own }, log, sibling) => {
  const found = SOURCE_TYPES.find((each) => each.type === type);
  if (!found) throw new Error(`there is no source of type ${type}`);
  return found.create(own as never, { log: log.source(name), random: Math.random, now: Date.now }, sibling);
};

export class RunningSources {
  private readonly running = new Map<string, Running>();

  constructor(
    private readonly make: MakeSource,
    private readonly log: BridgeLog,
    /** Those who consume are others now. */
    private readonly consumersChanged: () => void = () => undefined,
  ) {}

  /**
   * Brings what runs in line with the configuration; each source reports to `catalogue` from now on. A source whose
   * own part did not change goes on as it is. Throws when a new one cannot be made, before anything is touched.
   */
  apply(configs: readonly SourceConfig[], catalogue: Catalogue): void {
    const made = new Map<string, Source>();
    for (const config of configs)
      if (!this.isSame(config))
        made.set(
          config.name,
          this.make(config, this.log, (name) => this.running.get(name)?.source),
        );
    const wanted = new Set(configs.map(({ name }) => name));
    for (const [name, running] of this.running)
      if (!wanted.has(name) || made.has(name)) this.end(name, running);
    for (const config of configs) {
      const { name, type } = config;
      const known = this.running.get(name);
      if (known) {
        known.sink.attach(catalogue.sink(name));
        continue;
      }
      const source = made.get(name)!;
      const sink = new RelaySink(
        (state, detail) => this.log.sourceState(name, type, state, detail),
        this.consumersChanged,
      );
      sink.attach(catalogue.sink(name));
      this.running.set(name, { config, source, sink });
      source.start(sink);
    }
  }

  /** Everything that the registries list now. */
  *services(): Iterable<RegistryService> {
    for (const { sink } of this.running.values()) yield* sink.services.values();
  }

  /** The same with the names of the sources, and those who consume. */
  *registered(): Iterable<Registered> {
    for (const [source, { sink }] of this.running)
      for (const services of [sink.services, sink.consumers])
        for (const service of services.values()) yield { source, service };
  }

  /** Who consumes what; undefined until every source that may have providers or consumers of Dubbo was read. */
  consumers(): readonly RegistryService[] | undefined {
    const all = [...this.running.values()].filter(({ config }) => DUBBO_TYPES.has(config.type));
    if (!all.every(({ sink }) => sink.hasSynced)) return undefined;
    return all.flatMap(({ sink }) => [...sink.consumers.values()]);
  }

  /** As the registry lists it now. */
  service(source: string, key: string): RegistryService | undefined {
    return this.running.get(source)?.sink.services.get(key);
  }

  async stop(): Promise<void> {
    const all = [...this.running.values()];
    this.running.clear();
    for (const { sink } of all) sink.detach();
    await Promise.all(all.map(({ source }) => source.stop()));
  }

  private isSame({ name, type, own }: SourceConfig): boolean {
    const known = this.running.get(name)?.config;
    return known?.type === type && isDeepStrictEqual(known.own, own);
  }

  private end(name: string, { source, sink, config }: Running): void {
    this.running.delete(name);
    sink.detach();
    const failed = (error: unknown) =>
      this.log.line('warn', 'source.stop-failed', `source ${name} did not stop cleanly: ${error}`, {
        source: name,
        type: config.type,
      });
    source.stop().catch(failed);
  }
}
