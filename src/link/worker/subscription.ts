import type { DeltaRequest, DeltaResponse } from '../../xds';

/**
 * Our side of one resource type in the delta protocol: which names are wanted, which the control plane of this
 * stream has been told, which it may assume we hold. Pure; `AdsStream` sends what this returns.
 *
 * istiod ignores a subscription change that carries a stale nonce (istio: pilot/pkg/xds/delta.go,
 * shouldRespondDelta), so acknowledgements never carry one, and changes never carry a nonce.
 */
export class Subscription {
  readonly #wanted = new Set<string>();
  /** Told on the current stream. */
  readonly #told = new Set<string>();
  /** Versions of what we hold, by name. */
  readonly #held = new Map<string, string>();
  /** Told on this stream, not held before, not answered yet. */
  readonly #pending = new Set<string>();
  /** Held from before this stream and not claimed in its first request: forgotten at the first full answer. */
  #unclaimed: Set<string> | undefined;
  #opened = false;

  constructor(
    readonly typeUrl: string,
    /** Everything is wanted; names are the control plane's to say. */
    readonly wildcard: boolean,
  ) {}

  get wanted(): ReadonlySet<string> {
    return this.#wanted;
  }

  /** Names told on this stream and not yet answered. */
  get pending(): ReadonlySet<string> {
    return this.#pending;
  }

  want(name: string): void {
    this.#wanted.add(name);
  }

  /** What comes for another name was under way when the name was dropped. */
  wants(name: string): boolean {
    return this.wildcard || this.#wanted.has(name);
  }

  /** Not wanted any more; what was held of it is forgotten. */
  drop(name: string): void {
    this.#wanted.delete(name);
    this.#held.delete(name);
    this.#pending.delete(name);
  }

  /** Held without the control plane's knowledge (from a snapshot): replaced by the first answer. */
  holdUnclaimed(names: Iterable<string>): void {
    this.#unclaimed ??= new Set();
    for (const name of names) this.#unclaimed.add(name);
  }

  /** A new stream: nothing is told yet. */
  reset(): void {
    this.#opened = false;
    this.#told.clear();
    this.#pending.clear();
  }

  /** The request that makes the stream's subscription equal to what is wanted; undefined if it is already. */
  next(): DeltaRequest | undefined {
    const subscribe = [...this.#wanted].filter((name) => !this.#told.has(name));
    if (!this.#opened) {
      // An empty first request would mean "everything" for a type asked by name.
      if (!this.wildcard && subscribe.length === 0) return undefined;
      this.#opened = true;
      this.#tell(subscribe);
      const claimed = this.#claim();
      // Of what we say we hold, the control plane speaks only if it is another by now.
      for (const name of Object.keys(claimed)) this.#pending.delete(name);
      return { typeUrl: this.typeUrl, subscribe, initialResourceVersions: claimed };
    }
    const unsubscribe = [...this.#told].filter((name) => !this.#wanted.has(name));
    if (subscribe.length === 0 && unsubscribe.length === 0) return undefined;
    this.#tell(subscribe);
    for (const name of unsubscribe) this.#told.delete(name);
    return { typeUrl: this.typeUrl, subscribe, unsubscribe };
  }

  /**
   * Books a response. `accepted` are the names whose resources were taken. Returns the names the control plane
   * says do not exist (any more), also those it implies by a first full answer.
   */
  answered(response: DeltaResponse, accepted: Iterable<string>): string[] {
    const removed = new Set(response.removedResources.filter((name) => this.wants(name)));
    for (const { name } of response.resources) this.#pending.delete(name);
    const versions = new Map(response.resources.map((resource) => [resource.name, resource.version]));
    for (const name of accepted) {
      this.#held.set(name, versions.get(name) ?? '');
      removed.delete(name);
    }
    if (this.wildcard && this.#unclaimed !== undefined) {
      for (const name of this.#unclaimed) if (!versions.has(name)) removed.add(name);
      this.#unclaimed = undefined;
    }
    for (const name of removed) {
      this.#pending.delete(name);
      this.#held.delete(name);
    }
    return [...removed];
  }

  /** No answer came for these although others did: they count as not existing. */
  absent(name: string): void {
    this.#pending.delete(name);
  }

  #tell(names: readonly string[]): void {
    for (const name of names) {
      this.#told.add(name);
      this.#pending.add(name);
    }
  }

  /** What we hold, if it fits into istiod's 4 MiB for one request; else everything is sent again, which is right too. */
  #claim(): Record<string, string> {
    const versions: Record<string, string> = {};
    let bytes = 0;
    for (const [name, version] of this.#held) {
      if (!this.wildcard && !this.#wanted.has(name)) continue;
      bytes += name.length + version.length + 8;
      versions[name] = version;
    }
    if (bytes <= MOST_CLAIMED_BYTES) return versions;
    this.holdUnclaimed(this.#held.keys());
    return {};
  }
}

const MOST_CLAIMED_BYTES = 3 * 1024 * 1024;
