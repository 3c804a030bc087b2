/**
 * The mesh's side: follows hosts at the link, as calls do, and keeps the instances of each. Hosts are asked for by
 * what calls to them would ask: `https` for the cluster of a port, `http` for the routes of it.
 */

import type { ClusterSnapshot, FeedListener, HostService, LinkState, Locality, MeshFeed } from '../model';
import { MeshHost } from './mesh-host';
import type { HostName } from './names';

/** Ports that a host without a port is looked for on, the usual one first. */
const MOST_PORTS = 64;
const USUAL_PORT = 80;

/** What others hear of. */
export interface MeshHostsEvents {
  /** The host's instances changed, or became known. */
  changed(host: MeshHost): void;
  /** The link came or went. */
  linkChanged(): void;
  /** A cluster in use has these endpoints now, whoever asked for it. */
  clusterChanged(snapshot: ClusterSnapshot): void;
}

export class MeshHosts implements FeedListener {
  readonly #hosts = new Map<string, MeshHost>();
  readonly #byName = new Map<string, MeshHost[]>();
  readonly #clusters = new Map<string, ClusterSnapshot>();
  readonly #dirty = new Set<MeshHost>();
  #ports: readonly number[] | undefined;
  #downSince: number | undefined;
  #hopeless = false;

  constructor(
    private readonly feed: MeshFeed,
    readonly home: Locality,
    private readonly now: () => number,
    private readonly events: MeshHostsEvents,
    private readonly onError: (error: unknown) => void,
  ) {
    feed.listen(this);
  }

  /** Follows the host from now on. */
  follow({ host, port }: HostName): MeshHost {
    const key = `${host}:${port ?? ''}`;
    let known = this.#hosts.get(key);
    if (known !== undefined) return known;
    this.feed.start();
    known = new MeshHost(host, port, this.home);
    this.#hosts.set(key, known);
    const same = this.#byName.get(host);
    if (same === undefined) this.#byName.set(host, [known]);
    else same.push(known);
    this.#askPorts(known);
    return known;
  }

  /** Since when the link is down; monotonic milliseconds. */
  get downSince(): number | undefined {
    return this.#downSince;
  }

  /** Nothing is known, and for now there is nobody to ask. */
  get hopeless(): boolean {
    return this.#hopeless;
  }

  onState(state: LinkState, hasViews: boolean): void {
    const wasDown = this.#downSince !== undefined;
    if (state === 'up') this.#downSince = undefined;
    else if (state === 'down') this.#downSince ??= this.now();
    this.#hopeless = this.#downSince !== undefined && !hasViews;
    if (wasDown !== (this.#downSince !== undefined)) this.events.linkChanged();
  }

  onClusterPorts(ports: ReadonlySet<number>): void {
    const others = [...ports].filter((port) => port !== USUAL_PORT).sort((a, b) => a - b);
    this.#ports = (ports.has(USUAL_PORT) ? [USUAL_PORT, ...others] : others).slice(0, MOST_PORTS);
    for (const host of this.#hosts.values()) this.#askPorts(host);
  }

  onPortIndex(): void {
    // The hosts asked for are answered one by one.
  }

  onHost(scheme: 'http' | 'https', port: number, host: string, service: HostService | null): void {
    for (const known of this.#byName.get(host) ?? []) {
      if (known.answer(scheme, port, service)) this.#touch(known);
      if (scheme === 'https' && service !== null && known.wantsRoutes(port)) this.#ask('http', port, host);
    }
  }

  onClusters(changed: readonly ClusterSnapshot[], removed: readonly string[]): void {
    for (const snapshot of changed) {
      this.#clusters.set(snapshot.cluster.name, snapshot);
      this.events.clusterChanged(snapshot);
    }
    for (const name of removed) this.#clusters.delete(name);
    for (const host of this.#hosts.values()) {
      if (changed.some(({ cluster }) => host.uses(cluster.name)) || removed.some((name) => host.uses(name)))
        this.#touch(host);
    }
  }

  #askPorts(host: MeshHost): void {
    const { port } = host;
    const ports = this.#ports;
    if (ports === undefined) {
      // The answer waits for the control plane, and so does everything else of this host.
      if (port !== undefined) host.expect([port], false);
    } else {
      host.expect(port === undefined ? ports : ports.filter((each) => each === port), true);
    }
    for (const each of host.toAsk()) this.#ask('https', each, host.host);
    this.#touch(host);
  }

  /** The feed answers a question once: what calls to the host have asked before is known already. */
  #ask(scheme: 'http' | 'https', port: number, host: string): void {
    this.feed.ask(scheme, port, host);
    const service = this.feed.answer(scheme, port, host);
    if (service !== undefined) this.onHost(scheme, port, host, service);
  }

  /** Once per turn: a push comes in several parts. */
  #touch(host: MeshHost): void {
    this.#dirty.add(host);
    if (this.#dirty.size === 1) queueMicrotask(() => this.#settle());
  }

  #settle(): void {
    const hosts = [...this.#dirty];
    this.#dirty.clear();
    for (const host of hosts) {
      try {
        if (host.refresh(this.#clusters)) this.events.changed(host);
      } catch (error) {
        this.onError(error);
      }
    }
  }
}
