/** Pushes to subscribers: changes of a service within the merge delay go out as one, the whole service each time. */

import type { ServiceId, ServiceStore } from './store';

/** Takes the service's state as it is then. */
export type PushTarget = (service: ServiceId) => void;

export class Pusher {
  readonly #subscribers = new Map<string, Map<unknown, PushTarget>>();
  readonly #pending = new Map<string, NodeJS.Timeout>();

  constructor(
    store: ServiceStore,
    readonly mergeDelayMs: number,
  ) {
    store.onChange((service) => this.#later(service));
  }

  /** One subscription per owner and service; a second replaces the first. */
  subscribe(service: ServiceId, owner: unknown, target: PushTarget): void {
    const key = JSON.stringify(service);
    const targets = this.#subscribers.get(key) ?? new Map<unknown, PushTarget>();
    targets.set(owner, target);
    this.#subscribers.set(key, targets);
  }

  unsubscribe(service: ServiceId, owner: unknown): void {
    this.#drop(JSON.stringify(service), owner);
  }

  unsubscribeAll(owner: unknown): void {
    for (const key of [...this.#subscribers.keys()]) this.#drop(key, owner);
  }

  stop(): void {
    for (const timer of this.#pending.values()) clearTimeout(timer);
    this.#pending.clear();
    this.#subscribers.clear();
  }

  #later(service: ServiceId): void {
    const key = JSON.stringify(service);
    if (this.#pending.has(key)) return;
    const timer = setTimeout(() => {
      this.#pending.delete(key);
      for (const target of this.#subscribers.get(key)?.values() ?? []) target(service);
    }, this.mergeDelayMs);
    this.#pending.set(key, timer);
  }

  #drop(key: string, owner: unknown): void {
    const targets = this.#subscribers.get(key);
    if (targets?.delete(owner) && targets.size === 0) this.#subscribers.delete(key);
  }
}
