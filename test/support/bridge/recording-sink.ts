/** A sink that keeps what a source said, and lets a test wait for it. */

import type {
  RegistryProblem,
  RegistryService,
  SourceContext,
  SourceSink,
  SourceState,
} from '../../../src/bridge/model';
import { Changes } from '../changes';

export class RecordingSink implements SourceSink {
  readonly services = new Map<string, RegistryService>();
  readonly problems = new Map<string, RegistryProblem>();
  /** Every call in order: `update KEY`, `remove KEY`, `synced`, `up`, `down: DETAIL`. */
  readonly calls: string[] = [];
  detail: string | undefined;
  current: SourceState | undefined;
  private readonly changes = new Changes();

  update(service: RegistryService): void {
    this.services.set(service.key, service);
    this.said(`update ${service.key}`);
  }

  remove(key: string): void {
    this.services.delete(key);
    this.said(`remove ${key}`);
  }

  synced(): void {
    this.said('synced');
  }

  state(state: SourceState, detail?: string): void {
    this.current = state;
    this.detail = detail;
    this.said(state === 'down' ? `down: ${detail}` : state);
  }

  problem(service: string, instance: string | undefined, problem: RegistryProblem | undefined): void {
    const key = instance === undefined ? service : `${service}/${instance}`;
    if (problem) this.problems.set(key, problem);
    else this.problems.delete(key);
    this.said(`problem ${key}`);
  }

  /** `ip:port` of the service's usable instances, sorted. */
  addresses(key: string): string[] {
    const instances = this.services.get(key)?.instances ?? [];
    return instances
      .filter(({ healthy, enabled }) => healthy && enabled)
      .map(({ address, port }) => `${address}:${port}`)
      .sort();
  }

  /** How often it was said. */
  count(call: string): number {
    return this.calls.filter((each) => each === call).length;
  }

  /** Resolves when the condition holds; rejects after `ms`. */
  until(condition: () => boolean, what: string, ms = 15_000): Promise<void> {
    const complaint = () => `no ${what} within ${ms} ms; said so far:\n${this.calls.join('\n')}`;
    return this.changes.until(condition, ms, complaint);
  }

  private said(call: string): void {
    this.calls.push(call);
    this.changes.tell();
  }
}

/** For a source under test: real time, no jitter, no log. */
export function testContext(overrides: Partial<SourceContext> = {}): SourceContext {
  const silent = () => undefined;
  return { log: { info: silent, warn: silent }, random: () => 0.5, now: Date.now, ...overrides };
}
