import { BroadcastChannel } from 'node:worker_threads';
import type { ClusterSnapshot, FeedListener, HostIndex, HostService, LinkState, MeshFeed } from '../model';
import { clearInterval, setImmediate, setInterval } from '../observe/native';
import { type Ask, askKey, type FeedMessage, type Scheme } from './protocol';
import { ALIVE_MS, LINK_CHANNEL, type ProxyRequest, proxyChannel } from './proxy-protocol';

/** The feed that is shared, with a way to stop listening. */
export interface SharedFeed extends MeshFeed {
  unlisten(listener: FeedListener): void;
}

/** Serves the link of the main thread to the application's worker threads. Idle, it is one unref'ed channel. */
export class ProxyServer {
  readonly #channel = new BroadcastChannel(LINK_CHANNEL);
  readonly #sessions = new Map<string, ProxySession>();
  #sweep: NodeJS.Timeout | undefined;

  constructor(readonly feed: SharedFeed) {
    this.#channel.onmessage = (event) => this.#receive((event as { data: ProxyRequest }).data);
    unref(this.#channel);
  }

  close(): void {
    clearInterval(this.#sweep);
    for (const session of this.#sessions.values()) session.close();
    this.#channel.close();
  }

  #receive(request: ProxyRequest): void {
    const session = this.#sessions.get(request.id) ?? this.#open(request.id);
    session.seen();
    if (request.type === 'ask') session.ask(request.ask);
  }

  #open(id: string): ProxySession {
    const session = new ProxySession(id, this.feed);
    this.#sessions.set(id, session);
    this.feed.start();
    this.feed.listen(session);
    this.#sweep ??= setInterval(() => this.#dropSilent(), ALIVE_MS).unref();
    return session;
  }

  #dropSilent(): void {
    for (const [id, session] of this.#sessions) {
      if (Date.now() - session.lastSeen <= 3 * ALIVE_MS) continue;
      this.#sessions.delete(id);
      this.feed.unlisten(session);
      session.close();
    }
  }
}

/** Clusters in one message: read in well under 5 ms. */
const MOST_CLUSTERS = 64;

/** One worker thread of the application. It hears of the hosts it asked for, and of all clusters in use. */
class ProxySession implements FeedListener {
  lastSeen = Date.now();
  readonly #channel: BroadcastChannel;
  readonly #asked = new Set<string>();
  readonly #known = new Map<string, HostService | null>();
  readonly #queue: FeedMessage[] = [];
  #closed = false;

  constructor(
    id: string,
    readonly feed: MeshFeed,
  ) {
    this.#channel = new BroadcastChannel(proxyChannel(id));
    unref(this.#channel);
  }

  seen(): void {
    this.lastSeen = Date.now();
  }

  ask(ask: Ask): void {
    const key = askKey(ask);
    this.#asked.add(key);
    const service = this.#known.get(key);
    if (service !== undefined) this.#sendHost(ask, service);
    this.feed.ask(ask.scheme, ask.port, ask.host);
  }

  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
    this.#channel.close();
  }

  onState(state: LinkState, hasViews: boolean): void {
    this.#send({ type: 'state', state, hasViews });
  }

  onClusterPorts(ports: ReadonlySet<number>): void {
    this.#send({ type: 'ports', ports: [...ports] });
  }

  onPortIndex(port: number, index: HostIndex): void {
    this.#send({ type: 'index', port, data: index.data });
  }

  onHost(scheme: Scheme, port: number, host: string, service: HostService | null): void {
    const ask = { scheme, port, host };
    const key = askKey(ask);
    this.#known.set(key, service);
    if (this.#asked.has(key)) this.#sendHost(ask, service);
  }

  onClusters(changed: readonly ClusterSnapshot[], removed: readonly string[]): void {
    for (let at = 0; at < changed.length; at += MOST_CLUSTERS) {
      const some = changed.slice(at, at + MOST_CLUSTERS);
      this.#send({ type: 'batch', batch: { changed: some, hosts: [], removed: [] } });
    }
    if (removed.length > 0) this.#send({ type: 'batch', batch: { changed: [], hosts: [], removed } });
  }

  #sendHost(ask: Ask, service: HostService | null): void {
    this.#send({ type: 'batch', batch: { changed: [], hosts: [{ ...ask, service }], removed: [] } });
  }

  /** One message in a turn of the event loop: the application's own work comes between. */
  #send(message: FeedMessage): void {
    if (this.#closed) return;
    this.#queue.push(message);
    if (this.#queue.length === 1) setImmediate(() => this.#drain());
  }

  #drain(): void {
    const message = this.#queue[0];
    if (message === undefined) return;
    this.#channel.postMessage(message);
    this.#queue.shift();
    if (this.#queue.length > 0) setImmediate(() => this.#drain());
  }
}

/** @types/node lacks the method on some lines. */
function unref(channel: BroadcastChannel): void {
  (channel as unknown as { unref(): void }).unref();
}
