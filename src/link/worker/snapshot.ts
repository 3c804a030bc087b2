import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Settings } from '../../config';
import type { Log } from '../../observe';
import { decodeVirtualHost, TYPE_URL } from '../../xds';
import type { Follower } from './follower';
import type { MeshState } from './mesh-state';
import { RouteTable, VirtualHostEntry } from './routes';
import { readSnapshot, type SavedRoutes, type Snapshot, writeSnapshot } from './snapshot-file';

const DELAY_MS = 1_000;
const SHORTEST_INTERVAL_MS = 10_000;
/** Clocks of two hosts of one volume may differ a little. */
const CLOCK_SKEW_MS = 60_000;

/** Of whom, from whom: a snapshot of another identity is not used. */
export function snapshotIdentity({ xds, identity }: Settings): string {
  const { podName, podNamespace, serviceAccount, labels } = identity;
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([xds, podName, podNamespace, serviceAccount, sorted]);
}

export function snapshotPath(folder: string, identity: string): string {
  const name = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  return join(folder, `inmesh-${name}.snapshot`);
}

export interface SnapshotKeeperOptions {
  readonly settings: Settings;
  readonly state: MeshState;
  readonly follower: Follower;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Keeps what is in use on disk (decision 16), and brings it back. Off without a directory. Never throws. */
export class SnapshotKeeper {
  readonly #file: string | undefined;
  readonly #identity: string;
  #timer: NodeJS.Timeout | undefined;
  #lastWritten = Number.NEGATIVE_INFINITY;

  constructor(readonly options: SnapshotKeeperOptions) {
    const { settings } = options;
    this.#identity = snapshotIdentity(settings);
    this.#file = settings.snapshotDir === '' ? undefined : snapshotPath(settings.snapshotDir, this.#identity);
  }

  /** Something in use changed: it is written a second later, at most every ten. */
  note(): void {
    if (this.#file === undefined || this.#timer !== undefined) return;
    const wait = Math.max(DELAY_MS, this.#lastWritten + SHORTEST_INTERVAL_MS - this.options.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#write(this.#file!);
    }, wait);
  }

  /** Puts the snapshot into the state if there is a good one. True if so. */
  restore(): boolean {
    const { log, state, settings, now } = this.options;
    if (this.#file === undefined) return false;
    try {
      const snapshot = readSnapshot(this.#file);
      if (snapshot === undefined || snapshot.identity !== this.#identity) return false;
      const age = now() - snapshot.savedAt;
      if (age > settings.snapshotMaxAgeMs || age < -CLOCK_SKEW_MS) return false;
      fill(state, snapshot);
      const seconds = Math.round(age / 1000);
      log.line('info', 'link.snapshot', `routes are taken from the snapshot of ${seconds} s ago`, {
        file: this.#file,
      });
      return true;
    } catch (error) {
      const why = (error as Error).message;
      log.line('warn', 'link.snapshot', `the snapshot ${this.#file} is ignored: ${why}`);
      return false;
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #write(file: string): void {
    const { log, now } = this.options;
    this.#lastWritten = now();
    try {
      writeSnapshot(file, this.#collect());
    } catch (error) {
      const why = (error as Error).message;
      log.line(
        'warn',
        'link.snapshot',
        `the snapshot ${file} cannot be written: ${why}; set INMESH_SNAPSHOT_DIR`,
      );
    }
  }

  #collect(): Snapshot {
    const { state, follower, now } = this.options;
    const clusters = [];
    const assignments = [];
    for (const [name, use] of follower.uses) {
      const bytes = state.clusters.get(name);
      if (bytes !== undefined) clusters.push({ name, bytes });
      const endpoints = use.edsName === undefined ? undefined : state.assignment(use.edsName);
      if (endpoints) assignments.push({ name: use.edsName!, bytes: endpoints });
    }
    const routes = new Map<number, SavedRoutes & { virtualHosts: SavedRoutes['virtualHosts'][number][] }>();
    for (const { port, entry } of follower.entries()) {
      const index = state.index(port);
      if (index === undefined) continue;
      const saved = routes.get(port) ?? { port, index, virtualHosts: [] };
      saved.virtualHosts.push({ name: entry.name, bytes: entry.bytes });
      routes.set(port, saved);
    }
    return { identity: this.#identity, savedAt: now(), clusters, assignments, routes: [...routes.values()] };
  }
}

/** Puts what a snapshot holds into an empty state. */
export function fill(state: MeshState, snapshot: Snapshot): void {
  const resource = (typeUrl: string) => (named: { name: string; bytes: Uint8Array }) => ({
    name: named.name,
    version: '',
    typeUrl,
    value: named.bytes,
  });
  state.take(TYPE_URL.cluster, snapshot.clusters.map(resource(TYPE_URL.cluster)));
  state.take(TYPE_URL.endpoint, snapshot.assignments.map(resource(TYPE_URL.endpoint)));
  for (const { port, index, virtualHosts } of snapshot.routes) {
    const entries = new Map<string, VirtualHostEntry>();
    for (const { name, bytes } of virtualHosts) {
      // Written by another version of the decoder, perhaps.
      if (!decodeVirtualHost(bytes, String(port)).ok) continue;
      entries.set(name, new VirtualHostEntry(String(port), name, bytes));
    }
    state.adoptRoutes(new RouteTable(port, new Uint8Array(0), entries), index);
  }
}
