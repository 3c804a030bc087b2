/**
 * Which hosts are ours. Answers come from the link; until one is there a call waits, parked, but only where the host
 * may be ours, only while the link can still answer, and never longer than the first-use timeout (decision 9).
 */

import { isIP } from 'node:net';
import type { HostIndex, MeshFeed } from '../model';
import type { Addresses, Remembered } from '../registry';
import { canonicalHost } from '../routing';
import type { HostEntry } from './host-entry';
import { NOT_OURS } from './host-entry';
import { HostTable } from './host-table';
import type { Ownership, Scheme } from './seam';
import { Waiting } from './waiting';

export class Directory {
  readonly waiting: Waiting;
  private readonly tables = { http: new Map<number, HostTable>(), https: new Map<number, HostTable>() };
  /** The table asked last: a process mostly calls one port. */
  private recent: HostTable | undefined;
  /** Ports with a mesh service; undefined before the first CDS. */
  private ports: ReadonlySet<number> | undefined;
  private started = false;

  constructor(
    private readonly feed: MeshFeed,
    firstUseTimeoutMs: number,
    onError: (error: unknown) => void,
    private readonly addresses?: Addresses,
  ) {
    this.waiting = new Waiting(firstUseTimeoutMs, onError);
    addresses?.listen(() => {
      for (const table of this.tables.http.values()) table.forgetSpellings();
    });
  }

  ownership(scheme: Scheme, host: string, port: number): Ownership {
    const { ownership } = this.find(scheme, host, port);
    return ownership === 'unknown' && !this.waiting.allowed ? 'not-ours' : ownership;
  }

  /** Hot path. The entry of a host as the application spells it; asks for hosts that may be ours. */
  find(scheme: Scheme, host: string, port: number): HostEntry {
    let table = this.recent;
    if (table === undefined || table.port !== port || table.scheme !== scheme) {
      table = this.tables[scheme].get(port);
      if (table === undefined) return this.resolve(scheme, host, port);
      this.recent = table;
    }
    return table.cached(host) ?? this.resolve(scheme, host, port);
  }

  /** The address as a registry client was given it; undefined for hosts that are called by name. */
  remembered(scheme: Scheme, ip: string, port: number): Remembered | undefined {
    return scheme === 'http' ? this.addresses?.find(ip, port) : undefined;
  }

  private resolve(scheme: Scheme, spelling: string, port: number): HostEntry {
    const remembered = this.remembered(scheme, spelling, port);
    if (remembered !== undefined) {
      const { owner } = remembered;
      const entry = this.find(scheme, owner.host, owner.port);
      if (entry !== NOT_OURS && this.addresses?.isShared(spelling, port) === false)
        this.table(scheme, port).remember(spelling, entry);
      return entry;
    }
    const host = canonicalHost(spelling);
    if (host === 'localhost' || host === '') return NOT_OURS;
    if (!this.started) {
      this.started = true;
      this.feed.start();
    }
    if (this.ports !== undefined && !this.ports.has(port)) return NOT_OURS;
    const table = this.table(scheme, port);
    const entry = this.lookUp(table, host);
    return entry === undefined ? NOT_OURS : table.remember(spelling, entry);
  }

  /**
   * The entry of a host not met before under this spelling; asks the link if need be. undefined = not ours for now,
   * not to be remembered.
   */
  private lookUp(table: HostTable, host: string): HostEntry | undefined {
    const known = table.get(host);
    if (known !== undefined) return known;
    const literal = isIP(host) !== 0;
    if (table.index !== undefined) {
      if (!table.index.mayHold(host) || (literal && isLoopback(host) && table.index.data.catchAll))
        return NOT_OURS;
    } else if (literal && !isReserved(host)) {
      if (table.scheme === 'http' && !isLoopback(host)) this.wakeIndex(table, host);
      return undefined;
    }
    const entry = table.create(host);
    this.feed.ask(table.scheme, table.port, host);
    return entry;
  }

  /** Such an IP literal never waits, but the port's index is fetched: the next call to it may find a VIP. */
  private wakeIndex(table: HostTable, host: string): void {
    if (table.indexAsked) return;
    table.indexAsked = true;
    this.feed.ask('http', table.port, host);
  }

  table(scheme: Scheme, port: number): HostTable {
    let table = this.tables[scheme].get(port);
    if (table === undefined) {
      table = new HostTable(scheme, port);
      this.tables[scheme].set(port, table);
    }
    return table;
  }

  /** Hosts that were asked for. */
  *entries(): Iterable<HostEntry> {
    for (const tables of [this.tables.http, this.tables.https]) {
      for (const table of tables.values()) yield* table.entries();
    }
  }

  setPorts(ports: ReadonlySet<number>): void {
    this.ports = ports;
    for (const tables of [this.tables.http, this.tables.https]) {
      for (const table of tables.values()) {
        if (!ports.has(table.port)) this.settleUnknown(table, () => false);
      }
    }
  }

  setIndex(port: number, index: HostIndex): void {
    const table = this.table('http', port);
    table.index = index;
    table.forgetSpellings();
    this.settleUnknown(table, (host) => index.mayHold(host));
  }

  /** Hosts still unknown are not ours unless they may be. */
  private settleUnknown(table: HostTable, mayBeOurs: (host: string) => boolean): void {
    for (const entry of table.entries()) {
      if (entry.ownership !== 'unknown' || mayBeOurs(entry.host)) continue;
      entry.ownership = 'not-ours';
      this.waiting.settle(entry);
    }
  }
}

/** In the reserved ranges, from which istiod allocates VIPs by itself: nothing but a VIP can be there. */
function isReserved(literal: string): boolean {
  return /^2[45]\d\./.test(literal) || literal.startsWith('2001:2:');
}

function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1';
}
