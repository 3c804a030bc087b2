import type { RegistrySupport } from '../../hooks/hook';
import type { Settings } from '../config';
import type { MeshFeed } from '../model';
import type { Addresses, RegistryRules } from '../registry';
import type { Agent } from './agent';

/** What the hooks of registry clients see of the agent, which is made when one of them is loaded. */
export class RegistryAccess implements RegistrySupport {
  #rules: RegistryRules;
  readonly #listeners: ((rules: RegistryRules) => void)[] = [];

  constructor(
    readonly settings: Settings,
    private readonly agent: () => Agent,
  ) {
    this.#rules = settings.registry;
  }

  feed(): MeshFeed {
    return this.agent().feed;
  }

  addresses(): Addresses {
    return this.agent().addresses;
  }

  onRules(listener: (rules: RegistryRules) => void): void {
    this.#listeners.push(listener);
    listener(this.#rules);
  }

  setRules(rules: RegistryRules): void {
    this.#rules = rules;
    for (const listener of this.#listeners) listener(rules);
  }
}
