/** From an application's revision to its services: read once for all instances that have it, tried again until it is found. */

import { Retry } from '../http';
import type { ApplicationInstance } from './application';
import { type MetadataInfo, parseRevision, type Revision, readRevision } from './revision';

/** At which pace a revision that nobody knows is asked for again. */
export const REVISION_RETRY = { retryBaseMs: 1_000, retryCapMs: 60_000 } as const;
/** A synchronisation does not wait longer for revisions, ms. */
export const REVISIONS_PATIENCE_MS = 10_000;

export interface ResolverOptions {
  /**
   * The text that a metadata centre (ZooKeeper, Nacos' configuration) has for a revision; undefined where it has none.
   * Asked first. May reject.
   */
  readonly stored: (application: string, revision: string) => Promise<string | undefined>;
  /** Asks the provider itself; absent: never. Rejects with a sentence. */
  readonly ask?: (instance: ApplicationInstance) => Promise<MetadataInfo>;
  /** Milliseconds until the first and at most between two attempts. */
  readonly retryBaseMs: number;
  readonly retryCapMs: number;
  readonly random: () => number;
  /** A revision is known, or an attempt failed with a reason, which is told once until it changes. */
  readonly settled: (owners: readonly string[], result: Revision | string) => void;
}

interface Entry {
  readonly application: string;
  readonly revision: string;
  readonly users: Map<string, ApplicationInstance>;
  readonly retry: Retry;
  result: Revision | string | undefined;
  timer: NodeJS.Timeout | undefined;
}

export class RevisionResolver {
  private readonly entries = new Map<string, Entry>();
  private readonly entryOf = new Map<string, Entry>();
  private readonly reading = new Set<Promise<void>>();
  private closed = false;

  constructor(private readonly options: ResolverOptions) {}

  /** `owner` is an instance's own name. Gives the services if known; else `settled` is called. */
  use(owner: string, instance: ApplicationInstance): Revision | string | undefined {
    const { application, revision } = instance;
    const key = JSON.stringify([application, revision]);
    const before = this.entryOf.get(owner);
    const entry = this.entries.get(key) ?? this.open(key, application, revision);
    entry.users.set(owner, instance);
    this.entryOf.set(owner, entry);
    if (before && before !== entry) this.leave(owner, before);
    if (entry.users.size === 1 && entry.result === undefined) this.read(entry);
    return entry.result;
  }

  release(owner: string): void {
    const entry = this.entryOf.get(owner);
    this.entryOf.delete(owner);
    if (entry) this.leave(owner, entry);
  }

  /** Resolves when every attempt under way has ended. */
  async idle(): Promise<void> {
    while (this.reading.size > 0) await Promise.all(this.reading);
  }

  /** Ends all further attempts. */
  close(): void {
    this.closed = true;
    for (const { timer } of this.entries.values()) clearTimeout(timer);
    this.entries.clear();
    this.entryOf.clear();
  }

  private open(key: string, application: string, revision: string): Entry {
    const { retryBaseMs: baseMs, retryCapMs: capMs, random } = this.options;
    const retry = new Retry({ baseMs, capMs, random });
    const entry: Entry = {
      application,
      revision,
      users: new Map(),
      retry,
      result: undefined,
      timer: undefined,
    };
    this.entries.set(key, entry);
    return entry;
  }

  private leave(owner: string, entry: Entry): void {
    entry.users.delete(owner);
    if (entry.users.size > 0) return;
    clearTimeout(entry.timer);
    this.entries.delete(JSON.stringify([entry.application, entry.revision]));
  }

  private read(entry: Entry): void {
    entry.timer = undefined;
    const attempt = this.resolve(entry)
      .then((result) => this.settle(entry, result))
      .finally(() => this.reading.delete(attempt));
    this.reading.add(attempt);
  }

  private settle(entry: Entry, result: Revision | string): void {
    if (this.closed || entry.users.size === 0) return;
    const isNews = entry.result !== result;
    entry.result = result;
    if (typeof result === 'string') entry.timer = setTimeout(() => this.read(entry), entry.retry.next());
    if (isNews) this.options.settled([...entry.users.keys()], result);
  }

  /** Never rejects. */
  private async resolve({ application, revision, users }: Entry): Promise<Revision | string> {
    const reasons: string[] = [];
    try {
      const text = await this.options.stored(application, revision);
      if (text !== undefined) {
        const found = checked(parseRevision(text), revision);
        if (typeof found !== 'string') return found;
        reasons.push(`its stored metadata is unusable: ${found}`);
      } else reasons.push('no metadata centre has it');
    } catch (error) {
      reasons.push(`the metadata centre fails: ${sentence(error)}`);
    }
    const asked = await this.askOne([...users.values()], revision);
    return typeof asked === 'string' ? [...reasons, asked].filter(Boolean).join('; ') : asked;
  }

  /** Asks one of the instances at a time, another one with each attempt. */
  private async askOne(
    instances: readonly ApplicationInstance[],
    revision: string,
  ): Promise<Revision | string> {
    const { ask, random } = this.options;
    const able = instances.filter(({ metadataService }) => metadataService);
    const one = able[Math.floor(random() * able.length)];
    if (!ask || !one) return '';
    try {
      const found = checked(readRevision(await ask(one)), revision);
      return typeof found === 'string' ? `the answer of ${one.address} is unusable: ${found}` : found;
    } catch (error) {
      return sentence(error);
    }
  }
}

/** A revision is a hash of its content: another one says other things. */
function checked(found: Revision | string, wanted: string): Revision | string {
  if (typeof found === 'string' || found.revision === '' || found.revision === wanted) return found;
  return `it is revision ${found.revision.slice(0, 100)}`;
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
