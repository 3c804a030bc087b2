/** The mesh as hooks see it: whose is this host, and what becomes of this request. Listens to the link. */

import type { Clock } from '../balancing';
import type { ClusterSnapshot, FeedListener, HostIndex, HostService, LinkState, MeshFeed } from '../model';
import type { Log } from '../observe/log';
import { clearImmediate, setImmediate } from '../observe/native';
import type { Addresses } from '../registry';
import { hostOfAuthority } from '../routing';
import { nodeClock } from './clock';
import { Directory } from './directory';
import type { HostEntry, HostWord } from './host-entry';
import { hasPlaintextToMtls, unmanageableReason } from './manageable';
import { compileView } from './plan';
import type { CallContext } from './routed';
import { Router } from './router';
import type { Begin, Mesh, Ownership, RequestHead, Scheme } from './seam';
import { Upstreams } from './upstream';

/** Not a service of the mesh. */
const NOTHING: HostWord = { view: undefined, tlsCluster: '', clusters: [] };

export class InProcessMesh implements Mesh, FeedListener {
  private readonly directory: Directory;
  private readonly upstreams: Upstreams;
  private readonly router: Router;
  /** What was said of a cluster or host and need not be said again. */
  private readonly said = new Set<string>();

  constructor(
    feed: MeshFeed,
    firstUseTimeoutMs: number,
    context: CallContext,
    private readonly log: Log,
    clock?: Clock,
    addresses?: Addresses,
  ) {
    this.upstreams = new Upstreams(
      context.random,
      clock ?? nodeClock((error) => this.failed('balancing', error)),
    );
    this.router = new Router(this.upstreams, context);
    const failed = (error: unknown) => this.failed('whenKnown', error);
    this.directory = new Directory(feed, firstUseTimeoutMs, failed, addresses);
  }

  ownership(scheme: Scheme, host: string, port: number): Ownership {
    try {
      return this.directory.ownership(scheme, host, port);
    } catch (error) {
      this.failed('ownership', error);
      return 'not-ours';
    }
  }

  whenKnown(
    scheme: Scheme,
    host: string,
    port: number,
    callback: (ownership: 'ours' | 'not-ours') => void,
  ): () => void {
    const now = this.ownership(scheme, host, port);
    if (now === 'unknown') {
      return this.directory.waiting.add(this.directory.find(scheme, host, port), callback);
    }
    const soon = setImmediate(callback, now);
    return () => clearImmediate(soon);
  }

  begin(scheme: Scheme, host: string, port: number, head: RequestHead, now: number): Begin {
    try {
      const entry = this.directory.find(scheme, host, port);
      if (entry.ownership !== 'ours') return undefined;
      if (entry.view === undefined) return this.router.tls(entry, head, now);
      // Another name than was dialled: perhaps an address of it that a registry client was given.
      const address = entry.host === host ? undefined : this.directory.remembered(scheme, host, port);
      const named =
        address !== undefined && hostOfAuthority(head.authority) === host
          ? entry
          : this.entryOf(entry, head.authority);
      if (named.ownership === 'unknown') return { kind: 'unknown', host: named.host, port: named.port };
      return this.router.http(named, head, now, (name) => this.directory.find(scheme, name, port), address);
    } catch (error) {
      this.failed('begin', error);
      return undefined;
    }
  }

  /** The Host header counts if it names another mesh host on that port, as at a sidecar's listener. */
  private entryOf(dialled: HostEntry, authority: string): HostEntry {
    if (authority === dialled.ownAuthority) return dialled;
    const named = hostOfAuthority(authority);
    if (named === dialled.host || named === '') {
      dialled.ownAuthority = authority;
      return dialled;
    }
    const other = this.directory.find(dialled.scheme, named, dialled.port);
    if (other.ownership === 'unknown') return this.directory.waiting.allowed ? other : dialled;
    return other.ownership === 'ours' && other.view !== undefined ? other : dialled;
  }

  onState(state: LinkState, hasViews: boolean): void {
    this.directory.waiting.onState(state, hasViews);
  }

  onClusterPorts(ports: ReadonlySet<number>): void {
    this.directory.waiting.heard();
    this.directory.setPorts(ports);
  }

  onPortIndex(port: number, index: HostIndex): void {
    this.directory.waiting.heard();
    this.directory.setIndex(port, index);
  }

  onHost(scheme: Scheme, port: number, host: string, service: HostService | null): void {
    this.directory.waiting.heard();
    const table = this.directory.table(scheme, port);
    const entry = table.get(host) ?? table.createLate(host);
    const word = this.understood(service);
    entry.word = word;
    // Hash tables take a few turns to make: until then the host stays what it was, and its first calls parked.
    this.upstreams.whenReady(word.clusters, () => {
      if (entry.word !== word) return;
      entry.view = word.view;
      entry.tlsCluster = word.tlsCluster;
      entry.clusters = word.clusters;
      this.judge(entry);
      this.directory.waiting.settle(entry);
    });
  }

  private understood(service: HostService | null): HostWord {
    try {
      if (service?.kind === 'http') return this.viewOf(service);
      if (service?.kind === 'tls') {
        return { view: undefined, tlsCluster: service.cluster, clusters: [service.cluster] };
      }
    } catch (error) {
      this.failed('onHost', error);
    }
    return NOTHING;
  }

  onClusters(changed: readonly ClusterSnapshot[], removed: readonly string[]): void {
    const names = new Set(removed);
    for (const name of removed) this.upstreams.remove(name);
    for (const snapshot of changed) {
      try {
        this.upstreams.set(snapshot);
        names.add(snapshot.cluster.name);
        this.note(snapshot);
      } catch (error) {
        this.failed('onClusters', error);
      }
    }
    for (const entry of this.directory.entries()) {
      if (entry.ownership !== 'unknown' && entry.clusters.some((name) => names.has(name))) this.judge(entry);
    }
  }

  private viewOf({ virtualHost }: Extract<HostService, { kind: 'http' }>): HostWord {
    const view = compileView(virtualHost, (route, reason) =>
      this.log.line(
        'warn',
        'route.left-out',
        `route "${route}" of ${virtualHost.name} is left out: ${reason}`,
        { virtualHost: virtualHost.name, route },
        `${virtualHost.name}/${route}`,
      ),
    );
    const clusters = new Set<string>();
    for (const { action } of view.routes) {
      if (action.kind === 'forward') for (const { cluster } of action.destinations) clusters.add(cluster);
    }
    return { view, tlsCluster: '', clusters: [...clusters] };
  }

  /** Ours, unless one of its clusters asks for what cannot be done (decision 11). */
  private judge(entry: HostEntry): void {
    if (entry.view === undefined && entry.tlsCluster === '') {
      entry.ownership = 'not-ours';
      return;
    }
    for (const name of entry.clusters) {
      const cluster = this.upstreams.get(name)?.snapshot.cluster;
      const reason = cluster === undefined ? undefined : unmanageableReason(cluster, entry.scheme);
      if (reason === undefined) continue;
      entry.ownership = 'not-ours';
      const host = `${entry.host}:${entry.port}`;
      this.sayOnce('host.not-managed', host, `calls to ${host} are not managed: ${reason}`, { host });
      return;
    }
    entry.ownership = 'ours';
  }

  private note(snapshot: ClusterSnapshot): void {
    const { name } = snapshot.cluster;
    if (hasPlaintextToMtls(snapshot)) {
      const message = `endpoints of ${name} take mTLS and are called in plaintext (works while they are PERMISSIVE)`;
      this.sayOnce('cluster.plaintext', name, message, { cluster: name });
    }
  }

  private sayOnce(event: string, key: string, message: string, fields: Record<string, unknown>): void {
    const id = `${event} ${key} ${message}`;
    if (this.said.has(id)) return;
    this.said.add(id);
    this.log.line('warn', event, message, fields, key);
  }

  private failed(where: string, error: unknown): void {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.log.line('error', 'mesh.failed', `internal error in ${where}: ${message}`, {}, where);
  }
}
