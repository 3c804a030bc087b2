/** All instances as of the last answer: full, or a full one with deltas applied. */

import { setImmediate as turn } from 'node:timers/promises';
import type { EurekaAnswer, EurekaInstance } from './answer';

/** Instances that are read without letting others have a turn: a few milliseconds. */
const AT_ONCE = 500;

export class EurekaRegistry {
  /** By application, then by instance id. Applications without instances are not kept, as Eureka does. */
  readonly apps = new Map<string, Map<string, EurekaInstance>>();

  /** Of a full answer; lets others have a turn in between. */
  static async of(answer: EurekaAnswer): Promise<EurekaRegistry> {
    const registry = new EurekaRegistry();
    let read = 0;
    for (const instance of answer.instances) {
      registry.put(instance);
      if (++read % AT_ONCE === 0) await turn();
    }
    return registry;
  }

  /** Works a delta in, in its order; gives the applications that it names. */
  apply(delta: EurekaAnswer): Set<string> {
    const named = new Set<string>();
    for (const instance of delta.instances) {
      named.add(instance.app);
      // DELETED is all that takes away; ADDED and MODIFIED both bring the present state.
      if (instance.action === 'DELETED') this.delete(instance);
      else this.put(instance);
    }
    return named;
  }

  /**
   * Netflix's reconcile hash: `DOWN_1_UP_2_`, the number of instances of each status, statuses in alphabetical order.
   * Equal to the server's `apps__hashcode` when nothing was missed.
   */
  get hash(): string {
    const counts = new Map<string, number>();
    for (const instances of this.apps.values()) {
      for (const { status } of instances.values()) counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    return [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([status, count]) => `${status}_${count}_`)
      .join('');
  }

  private put(instance: EurekaInstance): void {
    let instances = this.apps.get(instance.app);
    if (!instances) {
      instances = new Map();
      this.apps.set(instance.app, instances);
    }
    instances.set(instance.id, instance);
  }

  private delete({ app, id }: EurekaInstance): void {
    const instances = this.apps.get(app);
    instances?.delete(id);
    if (instances?.size === 0) this.apps.delete(app);
  }
}
