/** Takes what a source reports, keeps all of it, and lets a test wait for a state instead of a time. */

import type {
  RegistryProblem,
  RegistryService,
  SourceContext,
  SourceSink,
  SourceState,
} from '../../src/bridge/model';
import { Changes } from './changes';

export class RecordingSink implements SourceSink {
  readonly services = new Map<string, RegistryService>();
  readonly problems = new Map<string, RegistryProblem>();
  /** `update key n`, `remove key`, `synced`, `state up`, in order. */
  readonly events: string[] = [];
  sourceState: SourceState | undefined;
  detail: string | undefined;
  syncs = 0;
  readonly #changes = new Changes();

  update(service: RegistryService): void {
    this.services.set(service.key, service);
    this.#event(`update ${service.key} ${service.instances.length}`);
  }

  remove(key: string): void {
    this.services.delete(key);
    this.#event(`remove ${key}`);
  }

  synced(): void {
    this.syncs++;
    this.#event('synced');
  }

  state(state: SourceState, detail?: string): void {
    this.sourceState = state;
    this.detail = detail;
    this.#event(`state ${state}`);
  }

  problem(service: string, instance: string | undefined, problem: RegistryProblem | undefined): void {
    const key = `${service} ${instance ?? ''}`;
    if (problem === undefined) this.problems.delete(key);
    else this.problems.set(key, problem);
    this.#event(`problem ${key}${problem === undefined ? 'solved' : ''}`);
  }

  /** `address:port` of a service's instances, sorted; undefined: the service is not there. */
  addresses(key: string): string[] | undefined {
    return this.services
      .get(key)
      ?.instances.map(({ address, port }) => `${address}:${port}`)
      .sort();
  }

  /** Resolves as soon as `condition` holds; the test's own time-out ends a vain wait, with all events in the message. */
  until(condition: () => boolean, what = 'the condition', timeoutMs = 40_000): Promise<void> {
    return this.#changes.until(condition, timeoutMs, () => {
      const story = this.events.slice(-40).join('\n  ');
      return `${what} did not come about; state ${this.sourceState} (${this.detail}):\n  ${story}`;
    });
  }

  #event(event: string): void {
    this.events.push(event);
    this.#changes.tell();
  }
}

/** A context with the log kept, real time and a fixed random number. */
export function testContext(lines: string[] = []): SourceContext {
  const keep = (level: string) => (event: string, fields: Readonly<Record<string, unknown>>) =>
    void lines.push(`${level} ${event} ${JSON.stringify(fields)}`);
  return { log: { info: keep('info'), warn: keep('warn') }, random: () => 0.5, now: Date.now };
}
