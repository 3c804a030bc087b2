/**
 * Instances that are registered, but not UP. The client drops them as it reads the registry's answers: that they are
 * not to be called must be known all the same, or the mesh's copies of them would be.
 */

import { type EurekaRecord, keyOf } from './shapes';

type Kind = 'app' | 'vip';

/** As its JSON has it: one is no array in older servers. */
interface Application {
  readonly instance?: EurekaRecord | readonly EurekaRecord[];
}

export class OutOfService {
  #keys = { app: new Map<string, Set<string>>(), vip: new Map<string, Set<string>>() };

  /** A full answer of the registry; what it is not understood to say it does not say. */
  full(registry: unknown): void {
    const { applications } = (registry ?? {}) as { applications?: { application?: unknown } };
    if (applications?.application === undefined) return;
    this.#keys = { app: new Map(), vip: new Map() };
    for (const instance of instancesOf(applications.application)) this.#note(instance);
  }

  /** The applications of a delta. */
  delta(applications: unknown): void {
    for (const instance of instancesOf(applications)) this.#note(instance);
  }

  /** `name` as the client was asked. */
  of(kind: Kind, name: string): ReadonlySet<string> | undefined {
    const keys = this.#keys[kind].get(kind === 'app' ? name.toUpperCase() : name);
    // A copy: deltas change it.
    return keys === undefined ? undefined : new Set(keys);
  }

  #note(instance: EurekaRecord): void {
    const key = keyOf(instance);
    if (key === undefined) return;
    const isOut = instance.status !== 'UP' && instance.actionType !== 'DELETED';
    const note = (kind: Kind, name: string) => {
      const keys = this.#keys[kind].get(name) ?? new Set<string>();
      if (isOut) this.#keys[kind].set(name, keys.add(key));
      else if (keys.delete(key) && keys.size === 0) this.#keys[kind].delete(name);
    };
    if (typeof instance.app === 'string') note('app', instance.app.toUpperCase());
    if (typeof instance.vipAddress === 'string')
      for (const name of instance.vipAddress.split(',')) note('vip', name);
  }
}

function instancesOf(applications: unknown): readonly EurekaRecord[] {
  return listOf(applications as Application | readonly Application[]).flatMap(({ instance }) =>
    listOf(instance),
  );
}

function listOf<T>(given: T | readonly T[] | undefined | null): readonly T[] {
  if (given === undefined || given === null) return [];
  return Array.isArray(given) ? (given as readonly T[]) : [given as T];
}
