import type { HostService, UnsupportedField } from '../../model';
import { type Ask, askKey } from '../protocol';
import { ClusterUse, type ClusterUseOptions } from './cluster-use';
import type { MeshState } from './mesh-state';
import { fullNames } from './names';
import type { Outbox } from './outbox';
import type { VirtualHostEntry } from './routes';

/** Hosts that are not ours are followed too, but not without bound: a crawler asks for everything. */
const MOST_STRANGERS = 10_000;
/** A cluster that goes a moment before the route that named it: istiod sends CDS before RDS. */
const GONE_GRACE_MS = 200;

type Target =
  | { readonly kind: 'http'; readonly entry: VirtualHostEntry }
  | { readonly kind: 'tls'; readonly cluster: string };

interface Followed {
  readonly ask: Ask;
  /** undefined = not known yet, null = not ours. */
  target: Target | null | undefined;
  sent: Target | null | undefined;
}

export interface FollowerOptions extends Omit<ClusterUseOptions, 'changed'> {
  readonly state: MeshState;
  /** The node's DNS domain, for short names. */
  readonly domain: string;
  readonly outbox: Outbox;
  /** Subscribes to a port's route configuration. Idempotent. */
  readonly wantRoutes: (port: number) => void;
  /** The whole list for what is in use, after each change of it. */
  readonly unsupported: (fields: readonly UnsupportedField[]) => void;
}

/** Follows the hosts the application uses: host → virtual host → clusters → endpoints, and tells what changed. */
export class Follower {
  readonly #followed = new Map<string, Followed>();
  readonly #strangers = new Map<string, Followed>();
  readonly #uses = new Map<string, ClusterUse>();
  /** Used clusters that CDS has taken back; the timer ends their grace, undefined = it is over. */
  readonly #gone = new Map<string, NodeJS.Timeout | undefined>();
  #dirty = false;
  #usesChanged = false;

  constructor(readonly options: FollowerOptions) {}

  /** Clusters in use, by name. */
  get uses(): ReadonlyMap<string, ClusterUse> {
    return this.#uses;
  }

  /** Virtual hosts in use with their ports. */
  *entries(): Generator<{ port: number; entry: VirtualHostEntry }> {
    const seen = new Set<VirtualHostEntry>();
    for (const { ask, target } of this.#followed.values()) {
      if (target?.kind !== 'http' || seen.has(target.entry)) continue;
      seen.add(target.entry);
      yield { port: ask.port, entry: target.entry };
    }
  }

  ask(ask: Ask): void {
    const key = askKey(ask);
    if (this.#followed.has(key)) return;
    this.#followed.set(key, { ask, target: undefined, sent: undefined });
    this.look();
  }

  /** Clusters, routes or assignments changed: look at everything that is followed, once in this turn. */
  look(): void {
    if (this.#dirty) return;
    this.#dirty = true;
    setImmediate(() => this.#look());
  }

  /** EDS answered for these names. */
  assignmentsChanged(names: ReadonlySet<string>): void {
    for (const use of this.#uses.values()) {
      if (use.edsName !== undefined && names.has(use.edsName)) use.refresh();
    }
  }

  stop(): void {
    for (const use of this.#uses.values()) use.stop();
    for (const timer of this.#gone.values()) clearTimeout(timer);
  }

  #look(): void {
    this.#dirty = false;
    for (const followed of this.#followed.values()) {
      const target = this.#find(followed.ask);
      // Not known again (a stream began anew) is no news: what was known stays.
      if (target !== undefined && !same(target, followed.target)) followed.target = target;
    }
    this.#acquire();
    for (const followed of this.#followed.values()) this.#tell(followed);
    this.#release();
    if (this.#usesChanged) this.#report();
  }

  #find(ask: Ask): Target | null | undefined {
    const { state } = this.options;
    if (!state.clustersKnown) {
      // Asked for beside CDS, not after it: with ten thousand services each of the two takes its time.
      if (ask.scheme === 'http') this.options.wantRoutes(ask.port);
      return undefined;
    }
    if (!state.clusters.hasPort(ask.port)) return null;
    if (ask.scheme === 'https') return this.#findTls(ask);
    const routes = state.routes.get(ask.port);
    if (routes === undefined) {
      this.options.wantRoutes(ask.port);
      return undefined;
    }
    const entry = routes?.find(ask.host);
    return entry === undefined || state.passesThrough(entry) ? null : { kind: 'http', entry };
  }

  #findTls({ port, host }: Ask): Target | null {
    const { state, domain } = this.options;
    for (const name of fullNames(host, domain)) {
      const cluster = `outbound|${port}||${name}`;
      if (state.clusters.has(cluster)) return state.isPassThrough(cluster) ? null : { kind: 'tls', cluster };
    }
    return null;
  }

  /** Starts the clusters that targets need, updates those that changed. */
  #acquire(): void {
    const { state, outbox } = this.options;
    for (const { target } of this.#followed.values()) {
      for (const name of clustersOf(target)) {
        const bytes = state.clusters.get(name);
        if (bytes === undefined || this.#uses.has(name)) continue;
        const changed = (use: ClusterUse) => {
          outbox.cluster(use);
          this.#usesChanged = true;
          this.look();
        };
        const use = new ClusterUse(name, bytes, { ...this.options, changed });
        this.#uses.set(name, use);
        this.#usesChanged = true;
        outbox.cluster(use);
      }
    }
    for (const [name, use] of this.#uses) {
      const bytes = state.clusters.get(name);
      if (bytes !== undefined) use.update(bytes);
    }
  }

  /** Announces a host when all its clusters are ready. */
  #tell(followed: Followed): void {
    const { target, sent, ask } = followed;
    if (target === undefined || same(target, sent)) return;
    for (const name of clustersOf(target)) if (this.#uses.get(name)?.ready === false) return;
    followed.sent = target;
    this.options.outbox.host({ ...ask, service: serviceOf(target) });
    this.#countStranger(followed);
    if (target?.kind === 'http') this.#usesChanged = true;
  }

  /** Lets go of clusters that no host needs, and of those the control plane has taken back. */
  #release(): void {
    const { state, outbox } = this.options;
    const needed = new Set<string>();
    for (const { target, sent } of this.#followed.values()) {
      for (const name of clustersOf(target)) needed.add(name);
      for (const name of clustersOf(sent)) needed.add(name);
    }
    for (const [name, use] of this.#uses) {
      const there = state.clusters.has(name);
      if (there) {
        clearTimeout(this.#gone.get(name));
        this.#gone.delete(name);
      }
      if (needed.has(name) && (there || this.#mayStay(name))) continue;
      clearTimeout(this.#gone.get(name));
      this.#gone.delete(name);
      use.stop();
      this.#uses.delete(name);
      this.#usesChanged = true;
      outbox.remove(name);
    }
    // Clusters of a worker before this one, once it is known what is needed.
    if ([...this.#followed.values()].some(({ sent }) => sent === undefined)) return;
    for (const name of outbox.announced) if (!this.#uses.has(name)) outbox.remove(name);
  }

  #mayStay(name: string): boolean {
    if (this.#gone.has(name)) return this.#gone.get(name) !== undefined;
    const timer = setTimeout(() => {
      this.#gone.set(name, undefined);
      this.look();
    }, GONE_GRACE_MS);
    this.#gone.set(name, timer);
    return true;
  }

  #countStranger(followed: Followed): void {
    const key = askKey(followed.ask);
    this.#strangers.delete(key);
    if (followed.sent !== null) return;
    this.#strangers.set(key, followed);
    if (this.#strangers.size <= MOST_STRANGERS) return;
    const oldest = this.#strangers.keys().next().value!;
    this.#strangers.delete(oldest);
    this.#followed.delete(oldest);
  }

  #report(): void {
    this.#usesChanged = false;
    const fields: UnsupportedField[] = [];
    for (const { entry } of this.entries()) fields.push(...entry.unsupported);
    for (const use of this.#uses.values()) fields.push(...use.unsupported);
    this.options.unsupported(fields);
  }
}

function serviceOf(target: Target | null): HostService | null {
  if (target === null) return null;
  return target.kind === 'tls' ? target : { kind: 'http', virtualHost: target.entry.virtualHost };
}

function clustersOf(target: Target | null | undefined): readonly string[] {
  if (target === null || target === undefined) return [];
  return target.kind === 'tls' ? [target.cluster] : target.entry.clusters;
}

function same(a: Target | null | undefined, b: Target | null | undefined): boolean {
  if (a === b) return true;
  if (!a || !b) return false;
  if (a.kind === 'tls') return b.kind === 'tls' && a.cluster === b.cluster;
  return b.kind === 'http' && a.entry === b.entry;
}
