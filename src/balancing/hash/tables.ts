/**
 * The hash tables of a cluster, kept across pushes and remade when hosts, weights or health change. A table of 65,537
 * places takes longer than the 5 ms that the event loop may be stopped for, and what is ejected is known here and not
 * in the worker: so tables are made here, in slices, and the one before serves meanwhile.
 */

import type { EndpointState, U64 } from '../../cluster';
import type { LoadBalancingPolicy } from '../../model';
import type { Clock } from '../clock';
import type { Random } from '../picker';
import { buildMaglev } from './maglev';
import { buildRing } from './ring';
import type { HashTable, TableBuild, WeightedHost } from './table';

export type HashPolicyKind = Extract<LoadBalancingPolicy, { kind: 'RING_HASH' | 'MAGLEV' }>;

/** Milliseconds of one slice. */
const SLICE_MS = 2;
/** Places looked at in a table that is being replaced before any host will do. */
const MAX_STEPS_ASIDE = 100;

/** One table: of a priority, for one kind of its hosts. */
export class TableSlot {
  private table: HashTable | undefined;
  private made: readonly WeightedHost[] = [];
  private hosts: ReadonlySet<EndpointState> = new Set();
  private list: readonly EndpointState[] = [];
  private policy = '';
  private build: TableBuild | undefined;
  /** The table is of other hosts than those that may be picked now. */
  private stale = false;

  constructor(
    private readonly clock: Clock,
    private readonly onReady: () => void,
  ) {}

  /** A key leads to the host that it shall lead to, or nearly so. */
  get ready(): boolean {
    return this.table !== undefined || this.list.length === 0;
  }

  follow(weighted: readonly WeightedHost[], policy: HashPolicyKind): void {
    const wanted = JSON.stringify(policy);
    if (wanted === this.policy && sameHosts(weighted, this.made)) return;
    this.policy = wanted;
    this.made = weighted;
    this.list = weighted.map(({ host }) => host);
    this.hosts = new Set(this.list);
    this.stale = true;
    if (weighted.length === 0) {
      this.build = undefined;
      this.table = undefined;
      return;
    }
    this.build =
      policy.kind === 'RING_HASH'
        ? buildRing(weighted, policy.minimumRingSize, policy.maximumRingSize)
        : buildMaglev(weighted, policy.tableSize);
    this.slice(this.build);
  }

  /** `attempt` as `HashTable.choose`. */
  choose(key: U64, attempt: number, random: Random): EndpointState | undefined {
    const { table, hosts, list } = this;
    if (table !== undefined) {
      if (!this.stale) return table.choose(key, attempt);
      for (let aside = 0; aside < MAX_STEPS_ASIDE; aside++) {
        const host = table.choose(key, attempt + aside);
        if (host !== undefined && hosts.has(host)) return host;
      }
    }
    return list[Math.floor(random() * list.length)];
  }

  private slice(build: TableBuild): void {
    if (build !== this.build) return;
    const until = this.clock.now() + SLICE_MS;
    for (;;) {
      const step = build.next();
      if (step.done) {
        this.table = step.value;
        this.build = undefined;
        this.stale = false;
        this.onReady();
        return;
      }
      if (this.clock.now() >= until) break;
    }
    this.clock.soon(() => this.slice(build));
  }
}

function sameHosts(a: readonly WeightedHost[], b: readonly WeightedHost[]): boolean {
  return (
    a.length === b.length && a.every(({ host, share }, i) => host === b[i]!.host && share === b[i]!.share)
  );
}

/** All tables of a cluster. */
export class HashTables {
  private readonly slots = new Map<string, TableSlot>();
  private waiting: (() => void)[] = [];

  constructor(private readonly clock: Clock) {}

  slot(name: string): TableSlot {
    let slot = this.slots.get(name);
    if (slot === undefined) {
      slot = new TableSlot(this.clock, () => this.tell());
      this.slots.set(name, slot);
    }
    return slot;
  }

  /** Forgets the other tables: their priorities are gone. */
  keep(names: { has(name: string): boolean }): void {
    for (const name of this.slots.keys()) if (!names.has(name)) this.slots.delete(name);
    this.tell();
  }

  get ready(): boolean {
    for (const slot of this.slots.values()) if (!slot.ready) return false;
    return true;
  }

  /** Calls back once, when all tables are there. */
  whenReady(callback: () => void): void {
    if (this.ready) callback();
    else this.waiting.push(callback);
  }

  private tell(): void {
    if (this.waiting.length === 0 || !this.ready) return;
    const { waiting } = this;
    this.waiting = [];
    for (const callback of waiting) callback();
  }
}
