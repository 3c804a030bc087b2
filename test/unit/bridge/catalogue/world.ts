/** A catalogue with a clock of the test's. */
import { Value } from '@sinclair/typebox/value';
import {
  Catalogue,
  type CatalogueConfig,
  type CatalogueSourceConfig,
  catalogueSchema,
  catalogueSourceSchema,
} from '../../../../src/bridge/catalogue';
import type { ConvertConfig, ConvertSourceConfig } from '../../../../src/bridge/convert';
import type { ServedEntry, SourceSink } from '../../../../src/bridge/model';
import { FakeClock } from '../../../support/fake-clock';
import { globalConfig, sourceConfig } from '../convert/facts';

export interface WorldOptions {
  readonly catalogue?: Partial<CatalogueConfig>;
  readonly convert?: Partial<ConvertConfig>;
  readonly sources?: Readonly<
    Record<string, { convert?: Partial<ConvertSourceConfig>; type?: string } & Partial<CatalogueSourceConfig>>
  >;
}

export class World {
  readonly clock = new FakeClock(1000);
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
