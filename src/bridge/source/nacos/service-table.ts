/**
 * What one namespace holds, as far as it is known: takes every answer and push, says each change once. Knows nothing of
 * connections but their age: a push older than what is known is ignored, and what was known before a reconnect is kept
 * until it is listed again or the settling time is over.
 */

import { isDeepStrictEqual } from 'node:util';
import type { ServiceInfo } from '../../../nacos';
import type { RegistryInstance, SourceSink } from '../../model';
import { serviceKey, toInstances, toService } from './service';

interface Entry {
  readonly group: string;
  readonly name: string;
  /** By the server's clock, of what this session said; 0 when it has said nothing. */
  lastRefTime: number;
  /** As this session says; those of the session before until it has. */
  instances: readonly RegistryInstance[];
  /** Of the session before, not seen in this one yet; by id. */
  carried: Map<string, RegistryInstance>;
  /** This session does not list it, but it is kept until things have settled. */
  unlisted: boolean;
  /** What the sink was told; undefined = nothing yet. */
  reported: readonly RegistryInstance[] | undefined;
}

export interface ServiceTableOptions {
  readonly namespace: string;
  readonly sink: Pick<SourceSink, 'update' | 'remove'>;
  readonly pushEmptyProtection: boolean;
}

export class ServiceTable {
  readonly #entries = new Map<string, Entry>();
  #settling = false;

  constructor(readonly options: ServiceTableOptions) {}

  get size(): number {
    return this.#entries.size;
  }

  /** Since the last `newSession(true)`, until `settled`. */
  get isSettling(): boolean {
    return this.#settling;
  }

  /** Those that are known and not on their way out. */
  known(): { readonly group: string; readonly name: string }[] {
    return [...this.#entries.values()].filter(({ unlisted }) => !unlisted);
  }

  /** A new session: its clock may be another server's, its memory may be empty. `settling`: keep what is missing. */
  newSession(settling: boolean): void {
    this.#settling = settling;
    for (const entry of this.#entries.values()) {
      entry.lastRefTime = 0;
      if (!settling) continue;
      for (const instance of entry.instances) entry.carried.set(instance.id, instance);
    }
  }

  /** The settling time is over: what the session does not list does not exist. Gives the services that are gone. */
  settled(): { readonly group: string; readonly name: string }[] {
    this.#settling = false;
    const gone: Entry[] = [];
    for (const entry of [...this.#entries.values()]) {
      const carried = entry.carried.size > 0;
      entry.carried.clear();
      if (entry.unlisted) {
        gone.push(entry);
        this.#remove(entry);
      } else if (carried) this.#report(entry);
    }
    return gone;
  }

  /** The server's whole knowledge of one service, by answer or by push. Never throws. */
  take(group: string, name: string, info: ServiceInfo, pushed: boolean): void {
    const key = serviceKey(this.options.namespace, group, name);
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = emptyEntry(group, name);
      this.#entries.set(key, entry);
    }
    const time = Number(info.lastRefTime ?? 0);
    if (time < entry.lastRefTime) return;
    entry.lastRefTime = time;
    entry.unlisted = false;
    const instances = toInstances(Array.isArray(info.hosts) ? info.hosts : []);
    if (pushed && this.options.pushEmptyProtection && !instances.some(isUsable)) {
      if (entry.instances.some(isUsable)) return;
    }
    // Told again, for instance after a reconnect, they would be there twice: here and with whom they were reported to.
    if (!isDeepStrictEqual(instances, entry.instances)) entry.instances = instances;
    for (const { id } of instances) entry.carried.delete(id);
    this.#report(entry);
  }

  /** The namespace itself is no longer followed. */
  clear(): void {
    for (const entry of [...this.#entries.values()]) this.#remove(entry);
  }

  /** The server lists it no more. true: it is kept for the time being, as it may come back. */
  unlist(group: string, name: string): boolean {
    const entry = this.#entries.get(serviceKey(this.options.namespace, group, name));
    if (!entry) return false;
    // A service whose instances this session has seen is gone for good; one of the session before may come back.
    if (this.#settling && entry.carried.size > 0) {
      entry.unlisted = true;
      return true;
    }
    this.#remove(entry);
    return false;
  }

  #remove({ group, name, reported }: Entry): void {
    const key = serviceKey(this.options.namespace, group, name);
    this.#entries.delete(key);
    if (reported !== undefined) this.options.sink.remove(key);
  }

  #report(entry: Entry): void {
    const all = entry.carried.size === 0 ? entry.instances : withCarried(entry);
    // An identical registration is pushed, too; the sink need not hear of it.
    if (isDeepStrictEqual(all, entry.reported)) return;
    entry.reported = all;
    this.options.sink.update(toService(this.options.namespace, entry.group, entry.name, all));
  }
}

function emptyEntry(group: string, name: string): Entry {
  return {
    group,
    name,
    lastRefTime: 0,
    instances: [],
    carried: new Map(),
    unlisted: false,
    reported: undefined,
  };
}

function withCarried({ instances, carried }: Entry): RegistryInstance[] {
  return [...instances, ...carried.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function isUsable({ healthy, weight }: RegistryInstance): boolean {
  return healthy && weight > 0;
}
