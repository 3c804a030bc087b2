/**
 * Everything that the sources say, and what is served of it. Sources report into their sinks, the MCP server reads
 * the content; between them stand last-known-good, the gate, freezes and graces.
 */

import { type ConvertConfig, compileRules, type Rules, type SourceDefinition } from '../convert';
import type {
  RegistryService,
  Rejection,
  ServedContent,
  ServedSnapshot,
  SourceLog,
  SourceSink,
} from '../model';
import type { Clock } from './clock';
import type { CatalogueConfig, CatalogueSourceConfig } from './config';
import { Gate } from './gate';
import { Groups } from './groups';
import { type CatalogueState, readState, stateOf } from './persistence';
import { type ServiceReport, type SourceReport, serviceReports, sourceReport } from './report';
import { Served } from './served';
import { SourceFacts } from './source-facts';

export interface CatalogueSource extends SourceDefinition {
  readonly catalogue: CatalogueSourceConfig;
}

export interface CatalogueOptions {
  readonly catalogue: CatalogueConfig;
  readonly convert: ConvertConfig;
  /** In the order of the configuration: on a clash the first source wins. */
  readonly sources: readonly CatalogueSource[];
  readonly clock: Clock;
  readonly log: SourceLog;
}

type Listener = (changed: ReadonlySet<string>, receivedAt: number) => void;

export class Catalogue implements ServedContent {
  private readonly facts = new Map<string, SourceFacts>();
  private readonly listeners = new Set<Listener>();
  private readonly gate: Gate;
  private readonly rules: Rules;
  private readonly groups: Groups;
  private readonly served: Served;
  private readonly undoUp = new Map<string, () => void>();

  /** Throws ConvertConfigError. */
  constructor(private readonly options: CatalogueOptions) {
    const { clock, log, catalogue, convert, sources } = options;
    this.rules = compileRules(convert, sources);
    this.groups = new Groups(this.rules);
    this.served = new Served({
      vips: this.rules.vips,
      startGrace: (host) => clock.after(catalogue.graceMs, () => this.removeHost(host)),
      vipMoved: (host, from, to) => log.warn('catalogue.vip-moved', { host, from, to }),
    });
    this.gate = new Gate(
      clock,
      () => this.opened(),
      (source) =>
        log.warn('catalogue.sync-timeout', { source, detail: this.facts.get(source)?.detail ?? '' }),
    );
    for (const { name } of sources) this.facts.set(name, this.factsOf(name));
  }

  /** Undefined until the gate opens. */
  get snapshot(): ServedSnapshot | undefined {
    return this.gate.isOpen ? this.served.snapshot : undefined;
  }

  /** Called once when the gate opens, then for each change; the snapshot is read by whoever wants it. */
  onChange(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Names of the sources that the first answer still waits for. */
  get waitingFor(): readonly string[] {
    return [...this.gate.waiting];
  }

  /**
   * Begins to wait for the sources. After `importState`, if there is anything to import. `open`: the content was
   * served before, by a catalogue of another configuration, so nothing is waited for.
   */
  start(open = false): void {
    if (!open) for (const facts of this.facts.values()) facts.begin();
    const sources = this.options.sources.map(({ name, catalogue }) => {
      const isKnown = this.facts.get(name)!.facts.size > 0;
      return { ...catalogue, name, isKnown };
    });
    this.gate.start(open ? [] : sources);
  }

  /** Where one source reports to. Throws an Error for a source that is not configured. */
  sink(source: string): SourceSink {
    const facts = this.facts.get(source);
    if (!facts) throw new Error(`there is no source ${source}`);
    return {
      update: (service) => this.receive(() => this.update(source, facts, service)),
      remove: (key) => this.receive(() => facts.remove(key)),
      synced: () => this.synced(source, facts),
      state: (state, detail = '') => this.stateChanged(source, facts, state, detail),
      problem: (service, instance, problem) => {
        const id = `${service}\n${instance ?? ''}`;
        if (problem) facts.problems.set(id, problem);
        else facts.problems.delete(id);
      },
    };
  }

  /** Believes the registries in what is frozen, of one source or of all. */
  thaw(source?: string): void {
    for (const [name, facts] of this.facts)
      if (source === undefined || source === name) this.receive(() => facts.thaw('by the operator'));
  }

  /** What is not served and why. */
  *rejections(): Iterable<Rejection> {
    for (const [source, { problems }] of this.facts)
      for (const { service, instance, reason } of problems.values())
        yield { source, service, ...(instance === undefined ? {} : { instance }), code: 'registry', reason };
    yield* this.groups.rejections();
    yield* this.served.rejections();
  }

  sources(): SourceReport[] {
    const now = this.options.clock.now();
    return this.options.sources.map(({ name, type }) => sourceReport(name, type, this.facts.get(name)!, now));
  }

  /** Every registry service with what it is served as. */
  services(): Iterable<ServiceReport> {
    const now = this.options.clock.now();
    return serviceReports(this.facts, now, (source, key) => {
      const entries = [...this.groups.claimsOf(source, key)].map((id) => this.served.entryOfClaim(id));
      return entries.filter((entry) => entry !== undefined);
    });
  }

  /** What counts now, for the disk. Shares the catalogue's objects. */
  exportState(): CatalogueState {
    return stateOf(this.options.sources.map(({ name }) => [name, this.facts.get(name)!.facts] as const));
  }

  /** Before `start`: what counted when it was exported. Gives one sentence when nothing of it can be used. */
  importState(value: unknown): string | undefined {
    const state = readState(value);
    if (typeof state === 'string') return state;
    for (const [source, services] of state) {
      const facts = this.facts.get(source);
      facts?.load(services);
      for (const service of facts ? services : [])
        this.groups.set(this.rules.sources.get(source)!, service.key, service);
    }
    return undefined;
  }

  /** Ends every timer. */
  close(): void {
    this.gate.close();
    this.served.close();
    for (const facts of this.facts.values()) facts.close();
    for (const undo of this.undoUp.values()) undo();
  }

  /** A service that is not what a source may report is listed; the sink does not throw. */
  private update(source: string, facts: SourceFacts, service: RegistryService): void {
    const { key } = service;
    const id = `malformed\n${key}`;
    try {
      facts.update(service);
      facts.problems.delete(id);
    } catch (error) {
      const reason = `it was not reported as it must be, which is a mistake of the bridge: ${String(error)}`;
      facts.problems.set(id, { service: key, reason });
      this.options.log.warn('catalogue.malformed', { source, service: key, reason });
    }
  }

  private factsOf(source: string): SourceFacts {
    const { catalogue, clock, log } = this.options;
    const rules = this.rules.sources.get(source)!;
    // What a timer changes is told of together, as what a source reports is.
    const batching: Clock = {
      now: () => clock.now(),
      after: (ms, callback) => clock.after(ms, () => this.receive(callback)),
    };
    return new SourceFacts(catalogue, batching, {
      changed: (key, service) => this.groups.set(rules, key, service),
      frozen: (services) => log.warn('catalogue.frozen', { source, services }),
      thawed: (services, because) => log.info('catalogue.thawed', { source, services, because }),
    });
  }

  /** Runs what may change several services, and tells of it once. */
  private receive(action: () => void): void {
    const at = this.options.clock.now();
    action();
    this.publish(at);
  }

  private publish(at: number): void {
    if (!this.gate.isOpen) return;
    const changed = new Set<string>();
    this.served.apply(this.groups.rebuild(), changed);
    this.tell(changed, at);
  }

  private tell(changed: ReadonlySet<string>, at: number): void {
    if (changed.size > 0) for (const listener of this.listeners) listener(changed, at);
  }

  private opened(): void {
    const changed = new Set<string>();
    this.served.apply(this.groups.rebuild(), changed);
    for (const listener of this.listeners) listener(changed, this.options.clock.now());
  }

  private removeHost(host: string): void {
    const changed = new Set<string>();
    this.served.remove(host, changed);
    this.tell(changed, this.options.clock.now());
  }

  private synced(source: string, facts: SourceFacts): void {
    this.undoUp.get(source)?.();
    this.undoUp.delete(source);
    this.receive(() => facts.synced());
    this.gate.ready(source);
  }

  private stateChanged(
    source: string,
    facts: SourceFacts,
    state: 'connecting' | 'up' | 'down',
    detail: string,
  ): void {
    this.undoUp.get(source)?.();
    this.undoUp.delete(source);
    facts.setState(state, detail);
    if (state !== 'up' || facts.isSynchronised) return;
    const { syncTimeoutMs } = this.options.sources.find(({ name }) => name === source)!.catalogue;
    // A source that talks and never ends its first report must not keep emptied services for ever.
    const late = () => {
      this.options.log.warn('catalogue.never-synced', { source });
      this.receive(() => facts.catchUp());
    };
    this.undoUp.set(source, this.options.clock.after(syncTimeoutMs, late));
  }
}
