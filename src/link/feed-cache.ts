import {
  type ClusterSnapshot,
  type FeedListener,
  HostIndex,
  type HostService,
  type LinkState,
} from '../model';
import { type Ask, askKey, type Batch, type FeedMessage, type HostAnswer } from './protocol';

/** The last word on everything, and who hears of it. Shared by the main thread's link and the proxies of workers. */
export class FeedCache {
  #state: LinkState = 'idle';
  #hasViews = false;
  #ports: ReadonlySet<number> | undefined;
  readonly #indexes = new Map<number, HostIndex>();
  readonly #clusters = new Map<string, ClusterSnapshot>();
  readonly #hosts = new Map<string, HostAnswer>();
  readonly #listeners: FeedListener[] = [];

  get state(): LinkState {
    return this.#state;
  }

  get hasViews(): boolean {
    return this.#hasViews;
  }

  get clusterNames(): string[] {
    return [...this.#clusters.keys()];
  }

  /** The answer to an ask, if there is one; null is an answer. */
  answer(ask: Ask): HostService | null | undefined {
    return this.#hosts.get(askKey(ask))?.service;
  }

  /** Adds a listener and tells it all that is known. */
  listen(listener: FeedListener): void {
    this.#listeners.push(listener);
    listener.onState(this.#state, this.#hasViews);
    if (this.#ports !== undefined) listener.onClusterPorts(this.#ports);
    for (const [port, index] of this.#indexes) listener.onPortIndex(port, index);
    if (this.#clusters.size > 0) listener.onClusters([...this.#clusters.values()], []);
    for (const { scheme, port, host, service } of this.#hosts.values())
      listener.onHost(scheme, port, host, service);
  }

  unlisten(listener: FeedListener): void {
    const at = this.#listeners.indexOf(listener);
    if (at >= 0) this.#listeners.splice(at, 1);
  }

  receive(message: FeedMessage): void {
    switch (message.type) {
      case 'state':
        this.setState(message.state, message.hasViews);
        return;
      case 'ports':
        this.#setPorts(message.ports);
        return;
      case 'index':
        this.#setIndex(message.port, new HostIndex(message.data));
        return;
      case 'batch':
        this.#apply(message.batch);
    }
  }

  setState(state: LinkState, hasViews: boolean): void {
    // What was once known is kept, whatever a new worker says of itself.
    const views = hasViews || this.#hasViews;
    if (state === this.#state && views === this.#hasViews) return;
    this.#state = state;
    this.#hasViews = views;
    for (const listener of this.#listeners) listener.onState(state, views);
  }

  #setPorts(ports: readonly number[]): void {
    this.#ports = new Set(ports);
    for (const listener of this.#listeners) listener.onClusterPorts(this.#ports);
  }

  #setIndex(port: number, index: HostIndex): void {
    this.#indexes.set(port, index);
    for (const listener of this.#listeners) listener.onPortIndex(port, index);
  }

  #apply({ changed, hosts, removed }: Batch): void {
    for (const snapshot of changed) this.#clusters.set(snapshot.cluster.name, snapshot);
    if (changed.length > 0) for (const listener of this.#listeners) listener.onClusters(changed, []);
    for (const answer of hosts) {
      this.#hosts.set(askKey(answer), answer);
      const { scheme, port, host, service } = answer;
      for (const listener of this.#listeners) listener.onHost(scheme, port, host, service);
    }
    for (const name of removed) this.#clusters.delete(name);
    if (removed.length > 0) for (const listener of this.#listeners) listener.onClusters([], removed);
  }

  /** Forgets a host that is not followed any more. */
  forget(ask: Ask): void {
    this.#hosts.delete(askKey(ask));
  }
}
