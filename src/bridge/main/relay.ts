/** Between a source that runs and the catalogue of the day: when the configuration changes, another takes its place. */

import type { RegistryProblem, RegistryService, SourceSink, SourceState } from '../model';

interface Problem {
  readonly service: string;
  readonly instance: string | undefined;
  readonly problem: RegistryProblem;
}

/** Remembers what the source said, so that it can be said again. Services are shared, not copied. */
export class RelaySink implements SourceSink {
  private target: SourceSink | undefined;
  /** What the registry lists now, by key. */
  readonly services = new Map<string, RegistryService>();
  /** Who consumes what, by key: not for the catalogue, as nobody calls them. */
  readonly consumers = new Map<string, RegistryService>();
  /** Everything was reported at least once. */
  hasSynced = false;
  private readonly problems = new Map<string, Problem>();
  private lastState: SourceState | undefined;
  private lastDetail: string | undefined;
  private isSynced = false;
  /** Details told since the state changed: a source that tries again and again says the same things in turn. */
  private readonly told = new Set<string>();

  constructor(
    private readonly onState: (state: SourceState, detail: string | undefined) => void,
    /** `consumers` changed, or is complete for the first time. */
    private readonly onConsumers: () => void = () => undefined,
  ) {}

  /** Everything goes there from now on; what was said before is said to it first. */
  attach(target: SourceSink): void {
    this.target = target;
    if (this.lastState !== undefined) target.state(this.lastState, this.lastDetail);
    for (const service of this.services.values()) target.update(service);
    for (const { service, instance, problem } of this.problems.values())
      target.problem(service, instance, problem);
    if (this.isSynced) target.synced();
  }

  /** The source is no longer wanted: whatever it still says is lost. */
  detach(): void {
    this.target = undefined;
  }

  update(service: RegistryService): void {
    if (service.kind === 'dubbo-consumers') {
      this.consumers.set(service.key, service);
      this.onConsumers();
      return;
    }
    this.services.set(service.key, service);
    this.target?.update(service);
  }

  remove(key: string): void {
    if (this.consumers.delete(key)) {
      this.onConsumers();
      return;
    }
    this.services.delete(key);
    this.target?.remove(key);
  }

  synced(): void {
    this.isSynced = true;
    this.target?.synced();
    if (this.hasSynced) return;
    this.hasSynced = true;
    this.onConsumers();
  }

  state(state: SourceState, detail?: string): void {
    if (state !== 'up') this.isSynced = false;
    if (state !== this.lastState) this.told.clear();
    if (state !== this.lastState || !this.told.has(detail ?? '')) this.onState(state, detail);
    this.told.add(detail ?? '');
    this.lastState = state;
    this.lastDetail = detail;
    this.target?.state(state, detail);
  }

  problem(service: string, instance: string | undefined, problem: RegistryProblem | undefined): void {
    const id = `${service}\n${instance ?? ''}`;
    if (problem) this.problems.set(id, { service, instance, problem });
    else this.problems.delete(id);
    this.target?.problem(service, instance, problem);
  }
}
