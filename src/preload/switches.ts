import type { HookContext, RegistrySupport } from '../../hooks/hook';
import type { Mesh } from '../call';
import type { Toggles } from '../config';
import type { Log } from '../observe';

/** Internal errors after which a hook is off for the rest of the process (decision 21). */
const MOST_FAILURES = 5;

/** One hook's view of the agent: is it on, and where do its errors go. */
export class HookSwitch implements HookContext {
  #on = true;
  #failures = 0;

  constructor(
    readonly name: string,
    readonly mesh: Mesh,
    readonly log: Log,
    readonly registry?: RegistrySupport,
  ) {}

  enabled(): boolean {
    return this.#on;
  }

  /** `agentOn`: as the settings and the surroundings have it. A hook that failed too often stays off. */
  apply(agentOn: boolean, hooksOff: readonly string[]): void {
    this.#on = agentOn && this.#failures < MOST_FAILURES && !hooksOff.includes(this.name);
  }

  failed(error: unknown): void {
    this.#failures++;
    const stack = error instanceof Error ? error.stack : String(error);
    const fields = { hook: this.name, error: stack };
    this.log.line(
      'error',
      'hook.error',
      `The ${this.name} hook failed; the call went on without it.`,
      fields,
      this.name,
    );
    if (this.#failures < MOST_FAILURES || !this.#on) return;
    this.#on = false;
    const message = `The ${this.name} hook is off after ${MOST_FAILURES} errors; new calls go the application's own way.`;
    this.log.line('error', 'hook.off', message, { hook: this.name }, this.name);
  }
}

/** What of the toggles is for all hooks. */
type HookToggles = Pick<Toggles, 'enabled' | 'hooksOff'>;

/** All hooks of the process, switched together. */
export class Switches {
  readonly #hooks: HookSwitch[] = [];
  #toggles: HookToggles;
  /** Why the agent is off whatever the settings say. */
  #blocked = false;

  constructor(toggles: HookToggles) {
    this.#toggles = toggles;
  }

  add(hook: HookSwitch): void {
    this.#hooks.push(hook);
    this.#apply();
  }

  set(toggles: HookToggles): void {
    this.#toggles = toggles;
    this.#apply();
  }

  /** For good: a sidecar does the work here. */
  block(): void {
    this.#blocked = true;
    this.#apply();
  }

  #apply(): void {
    const on = this.#toggles.enabled && !this.#blocked;
    for (const hook of this.#hooks) hook.apply(on, this.#toggles.hooksOff);
  }
}
