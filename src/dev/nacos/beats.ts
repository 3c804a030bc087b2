/** Instances that came by HTTP live by their beats: unhealthy after a while without one, then gone. */

import type { Published, ServiceId, ServiceStore } from './store';

export interface BeatOptions {
  readonly store: ServiceStore;
  readonly now: () => number;
  /** Without a beat for so long: unhealthy, then removed. 15 s and 30 s in Nacos. */
  readonly unhealthyMs: number;
  readonly removeMs: number;
  /** Between two looks. */
  readonly checkMs: number;
}

interface Living {
  readonly service: ServiceId;
  readonly client: string;
  beatAt: number;
}

export class Beats {
  readonly #living = new Map<string, Living>();
  readonly #timer: NodeJS.Timeout;

  constructor(readonly options: BeatOptions) {
    this.#timer = setInterval(() => this.#check(), options.checkMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** It was registered, or beat. */
  alive(service: ServiceId, client: string): void {
    const key = JSON.stringify([service, client]);
    const living = this.#living.get(key);
    if (living) living.beatAt = this.options.now();
    else this.#living.set(key, { service, client, beatAt: this.options.now() });
    const instances = this.options.store.publication(service, client) ?? [];
    if (instances.some(({ healthy }) => !healthy)) this.#setHealth(service, client, instances, true);
  }

  gone(service: ServiceId, client: string): void {
    this.#living.delete(JSON.stringify([service, client]));
  }

  #check(): void {
    const { store, now, unhealthyMs, removeMs } = this.options;
    for (const [key, { service, client, beatAt }] of [...this.#living]) {
      const silent = now() - beatAt;
      const instances = store.publication(service, client) ?? [];
      if (silent >= removeMs) {
        this.#living.delete(key);
        store.withdraw(service, client);
      } else if (silent >= unhealthyMs && instances.some(({ healthy }) => healthy)) {
        this.#setHealth(service, client, instances, false);
      }
    }
  }

  #setHealth(service: ServiceId, client: string, instances: readonly Published[], healthy: boolean): void {
    this.options.store.publish(
      service,
      client,
      instances.map((instance) => ({ ...instance, healthy })),
    );
  }
}
