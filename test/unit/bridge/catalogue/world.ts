/** A catalogue with a clock of the test's. */
import { Value } from '@sinclair/typebox/value';
import {
  Catalogue,
  type CatalogueConfig,
  type CatalogueSourceConfig,
  type Clock,
  catalogueSchema,
  catalogueSourceSchema,
} from '../../../../src/bridge/catalogue';
import type { ConvertConfig, ConvertSourceConfig } from '../../../../src/bridge/convert';
import type { ServedEntry, SourceSink } from '../../../../src/bridge/model';
import { globalConfig, sourceConfig } from '../convert/facts';

/** Time that passes when the test says so; timers fire in order. */
class FakeClock implements Clock {
  private time = 1000;
  private readonly timers = new Set<{ at: number; callback: () => void }>();

  now(): number {
    return this.time;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.time + ms, callback };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const [next] = [...this.timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.timers.delete(next);
      this.time = next.at;
      next.callback();
    }
    this.time = end;
  }

  get pending(): number {
    return this.timers.size;
  }
}

export interface WorldOptions {
  readonly catalogue?: Partial<CatalogueConfig>;
  readonly convert?: Partial<ConvertConfig>;
  readonly sources?: Readonly<
    Record<string, { convert?: Partial<ConvertSourceConfig>; type?: string } & Partial<CatalogueSourceConfig>>
  >;
}

export class World {
  readonly clock = new FakeClock();
  readonly catalogue: Catalogue;
  /** Events of the log. */
  readonly said: string[] = [];
  /** Names of changed resources, one list for each call. */
  readonly changes: string[][] = [];

  constructor({ catalogue = {}, convert = {}, sources = { nacos: {} } }: WorldOptions = {}) {
    const log = (event: string, fields: Readonly<Record<string, unknown>>) => {
      this.said.push(`${event} ${JSON.stringify(fields)}`);
    };
    this.catalogue = new Catalogue({
      catalogue: Value.Default(catalogueSchema, { ...catalogue }) as CatalogueConfig,
      convert: globalConfig(convert),
      sources: Object.entries(sources).map(([name, { convert: ofSource = {}, type = 'nacos', ...rest }]) => ({
        name,
        type,
        convert: sourceConfig(ofSource),
        catalogue: Value.Default(catalogueSourceSchema, { ...rest }) as CatalogueSourceConfig,
      })),
      clock: this.clock,
      log: { info: log, warn: log },
    });
    this.catalogue.onChange((changed) => this.changes.push([...changed]));
  }

  /** Started, connected and synchronised, with nothing in the registry. */
  static up(options: WorldOptions = {}): World {
    const world = new World(options);
    world.catalogue.start();
    for (const name of Object.keys(options.sources ?? { nacos: {} })) {
      world.sink(name).state('up');
      world.sink(name).synced();
    }
    return world;
  }

  sink(source = 'nacos'): SourceSink {
    return this.catalogue.sink(source);
  }

  entry(host: string): ServedEntry | undefined {
    for (const entry of this.catalogue.snapshot?.entries.values() ?? [])
      if (entry.host === host) return entry;
    return undefined;
  }

  /** Host → number of endpoints. */
  get served(): Record<string, number> {
    const all = [...(this.catalogue.snapshot?.entries.values() ?? [])];
    return Object.fromEntries(all.map(({ host, endpoints }) => [host.split('.')[0], endpoints.length]));
  }

  /** How many hosts have endpoints. */
  get filled(): number {
    const all = [...(this.catalogue.snapshot?.entries.values() ?? [])];
    return all.filter(({ endpoints }) => endpoints.length > 0).length;
  }

  get codes(): string[] {
    return [...this.catalogue.rejections()].map(({ code, service }) => `${code} ${service}`).sort();
  }
}
