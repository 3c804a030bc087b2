/**
 * The last known good of one source. What a synchronised registry says counts at once, an emptying too; but a source
 * that is out of touch empties nothing, and neither does one whose services empty in masses, for a while.
 */
import type { RegistryProblem, RegistryService, SourceState } from '../model';
import type { Clock } from './clock';
import type { CatalogueConfig } from './config';
import { type Fact, isGood } from './fact';
import { MassEmptying } from './mass-emptying';
import { isSame } from './same';

/**
 * After a start from the disk: how long services stay that the first synchronisation does not list. A registry that
 * started at the same time knows only those that have registered again; clients of Nacos take up to a beat of 5 s.
 */
const SETTLE_MS = 15_000;

export interface FactsEvents {
  /** The effective state of a service changed; `service` undefined: it is gone. */
  changed(key: string, service: RegistryService | undefined): void;
  frozen(services: number): void;
  thawed(services: number, because: string): void;
}

export class SourceFacts {
  readonly facts = new Map<string, Fact>();
  readonly problems = new Map<string, RegistryProblem>();
  state: SourceState = 'connecting';
  detail = '';
  /** Everything the registry has was reported since the last contact. */
  isSynchronised = false;
  /** Clock of the last word from the source; undefined: none yet. */
  heardAt: number | undefined;
  /** Facts that have something to serve. */
  private goodCount = 0;
  /** Emptied while out of touch: believed or not at the next synchronisation. */
  private readonly pending = new Set<string>();
  private readonly mass: MassEmptying;
  /** Ends the settling after a start from the disk. */
  private undoSettling: (() => void) | undefined;
  private isFirstSynchronisation = false;

  constructor(
    config: CatalogueConfig,
    private readonly clock: Clock,
    private readonly events: FactsEvents,
  ) {
    this.mass = new MassEmptying(config, clock, {
      good: () => this.goodCount,
      believe: (key) => this.believe(key),
      keep: (key, service) => this.restore(key, service),
      frozen: (services) => events.frozen(services),
      thawed: (services, because) => events.thawed(services, because),
    });
  }

  get frozen(): ReadonlySet<string> {
    return this.mass.frozen;
  }

  update(service: RegistryService): void {
    this.heardAt = this.clock.now();
    const { key } = service;
    const fact = this.facts.get(key);
    if (fact && !fact.fromDisk && fact.actual && isSame(fact.actual, service)) return;
    const good = isGood(service);
    if (!fact) {
      const created = { actual: service, effective: service, good, fromDisk: false, since: this.heardAt };
      this.facts.set(key, created);
      if (good) this.goodCount++;
      this.events.changed(key, service);
      return;
    }
    const same = isSame(fact.effective, service);
    fact.actual = same ? fact.effective : service;
    fact.fromDisk = false;
    fact.since = this.heardAt;
    if (good || !fact.good) {
      this.pending.delete(key);
      if (good) this.mass.filled(key);
      if (!same) this.settle(key, fact, service, good);
    } else this.emptied(key, fact);
  }

  remove(key: string): void {
    this.heardAt = this.clock.now();
    const fact = this.facts.get(key);
    if (!fact || (!fact.actual && !fact.fromDisk)) return;
    fact.actual = undefined;
    fact.fromDisk = false;
    fact.since = this.heardAt;
    if (fact.good) this.emptied(key, fact);
    else this.believe(key);
  }

  /** A process begins, with what was loaded: the registry may be beginning, too. */
  begin(): void {
    this.isFirstSynchronisation = true;
  }

  synced(): void {
    this.heardAt = this.clock.now();
    if (this.isFirstSynchronisation) {
      this.isFirstSynchronisation = false;
      this.undoSettling = this.clock.after(SETTLE_MS, () => this.settled());
    }
    if (!this.undoSettling) this.forgetDisk();
    this.catchUp();
  }

  private settled(): void {
    this.undoSettling = undefined;
    this.forgetDisk();
    if (this.isSynchronised) this.catchUp();
  }

  /** What only the disk knows is no longer there. */
  private forgetDisk(): void {
    for (const [key, fact] of this.facts) {
      if (!fact.fromDisk) continue;
      fact.actual = undefined;
      fact.fromDisk = false;
      this.pending.add(key);
    }
  }

  /** The registry's word counts from now on, whatever came while out of touch included. */
  catchUp(): void {
    this.isSynchronised = true;
    this.mass.backInTouch();
    const waiting = [...this.pending];
    this.pending.clear();
    for (const key of waiting) {
      const fact = this.facts.get(key);
      if (!fact) continue;
      if (fact.good) this.mass.emptied(key, fact.effective, true);
      else this.believe(key);
    }
    this.mass.judge();
  }

  setState(state: SourceState, detail: string): void {
    if (state === 'up') this.heardAt = this.clock.now();
    else {
      this.isSynchronised = false;
      for (const key of this.mass.outOfTouch()) this.pending.add(key);
    }
    this.state = state;
    this.detail = detail;
  }

  /** From the disk, before the source says anything. */
  load(services: readonly RegistryService[]): void {
    for (const service of services) {
      const good = isGood(service);
      if (good) this.goodCount++;
      this.facts.set(service.key, {
        actual: undefined,
        effective: service,
        good,
        fromDisk: true,
        since: this.clock.now(),
      });
    }
  }

  /** Believes the registry in all that was frozen. */
  thaw(because: string): void {
    this.mass.thaw(because);
  }

  close(): void {
    this.undoSettling?.();
    this.mass.close();
  }

  private emptied(key: string, fact: Fact): void {
    if (this.isSynchronised) this.mass.emptied(key, fact.effective, false);
    else this.pending.add(key);
  }

  /** What the registry says becomes what counts. */
  private believe(key: string): void {
    const fact = this.facts.get(key);
    if (!fact) return;
    if (fact.actual) {
      this.settle(key, fact, fact.actual, isGood(fact.actual));
      return;
    }
    this.facts.delete(key);
    if (fact.good) this.goodCount--;
    this.events.changed(key, undefined);
  }

  /** An earlier state counts again. */
  private restore(key: string, service: RegistryService): void {
    let fact = this.facts.get(key);
    if (!fact) {
      fact = { actual: undefined, effective: service, good: false, fromDisk: false, since: this.clock.now() };
      this.facts.set(key, fact);
    }
    this.settle(key, fact, service, true);
  }

  private settle(key: string, fact: Fact, service: RegistryService, good: boolean): void {
    this.goodCount += Number(good) - Number(fact.good);
    fact.good = good;
    fact.effective = service;
    this.events.changed(key, service);
  }
}
