import type { AddressBook, AddressOwner } from './address-book';
import type { MeshInstance } from './instance';
import { type MergeInput, mergeLists, type Shape, type Shares } from './merge';
import type { MeshHost } from './mesh-host';
import { type Choice, choiceHoldsFor, choose, type Mode, type Side } from './modes';
import type { ServiceName } from './names';
import { RegistrySide } from './registry-side';

const NO_INSTANCES: readonly MeshInstance[] = [];

/** What the settings say of one service. */
export interface ServiceRules {
  readonly mode: Mode;
  readonly shares: Shares;
  /** How calls to addresses of its lists are treated. */
  readonly calls: 'pin-first' | 'balance' | 'off';
}

/** What services share. */
export interface ServiceContext {
  readonly book: AddressBook;
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls back later, unless taken back; does not keep the process alive. */
  later(ms: number, action: () => void): () => void;
  /** The one owner object of a host and port. */
  owner(host: string, port: number, pinned: boolean): AddressOwner;
  /** Since when the mesh cannot be asked. */
  meshDownSince(): number | undefined;
  onError(error: unknown): void;
}

/** One list of a registry client: a service, under one set of the client's own filters. */
export class RegistryService {
  readonly #registry: RegistrySide;
  readonly #listeners = new Set<() => void>();
  #meshEmptySince: number | undefined;
  #cancel: (() => void) | undefined;
  #choice: Choice = 'registry';
  #revision = 0;

  constructor(
    readonly name: ServiceName,
    /** In order of preference; never empty. */
    readonly hosts: readonly MeshHost[],
    private rules: ServiceRules,
    private readonly context: ServiceContext,
  ) {
    // Consul's servers keep what is registered on their disks.
    this.#registry = new RegistrySide(name.source !== 'consul');
    this.#look();
  }

  /** The lists of this service are the registry's alone. */
  get isOff(): boolean {
    return this.rules.mode === 'off';
  }

  /** The mesh has said what it has of it. */
  get meshKnown(): boolean {
    for (const host of this.hosts) {
      if (!host.known) return false;
      if (host.servicePort !== undefined) return true;
    }
    return true;
  }

  /** Another one when a merged list may be another one, or the registry has something to be heard of. */
  get revision(): number {
    return this.#revision;
  }

  /** The host that counts: the first that the mesh has. */
  get host(): MeshHost | undefined {
    return this.hosts.find(({ servicePort }) => servicePort !== undefined);
  }

  /**
   * The registry has answered with these addresses (`ip:port`), whatever the state of their records. `out`: of
   * instances that are registered too, but that the client does not list since they are out of service.
   */
  heard(addresses: readonly string[], out?: ReadonlySet<string>): void {
    this.#revision++;
    this.#registry.heard(addresses, this.context.now(), out);
    this.#look();
  }

  /** The registry could not be asked. */
  failed(): void {
    this.#revision++;
    this.#registry.failed(this.context.now());
    this.#look();
  }

  /**
   * The list to hand out in place of the registry's `records`: the same array where there is nothing to change.
   * Its addresses are remembered as the service's. `accepts`: the filter of the client's question.
   */
  merge<T>(
    records: readonly T[],
    shape: Shape<T>,
    accepts?: (instance: MeshInstance) => boolean,
  ): readonly T[] {
    this.#look();
    const instances = this.host?.instances ?? NO_INSTANCES;
    const input: MergeInput<T> = {
      records,
      instances: accepts === undefined ? instances : instances.filter(accepts),
      choice: this.#choice,
      mayAdd: (key) => this.#registry.mayAdd(key),
      shares: this.rules.shares,
      shape,
    };
    const merged = mergeLists(input);
    this.#remember(merged, shape);
    return merged;
  }

  /** Calls back when the list may have become another one, not by the registry's doing. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Its list is nobody's any more. */
  close(): void {
    this.#listeners.clear();
    this.#cancel?.();
    this.context.book.forget(this, this.context.now());
  }

  setRules(rules: ServiceRules): void {
    this.rules = rules;
    this.changed();
  }

  /** The mesh, or the settings, may have something new. */
  changed(): void {
    this.#revision++;
    this.#look();
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        this.context.onError(error);
      }
    }
  }

  /** Looks at both sides, and again when time alone may change the answer. */
  #look(): void {
    const { context } = this;
    const now = context.now();
    const instances = this.host?.instances ?? NO_INSTANCES;
    if (instances.length > 0 || !this.meshKnown) this.#meshEmptySince = undefined;
    else this.#meshEmptySince ??= now;
    if (this.meshKnown) this.#registry.meshHas(instances);
    const { side } = this.#registry;
    const mesh = this.#meshSide(instances.length);
    this.#choice = choose(this.rules.mode, side, mesh, now);
    this.#cancel?.();
    const ms = this.rules.mode.endsWith('-first')
      ? choiceHoldsFor(side, mesh, now)
      : Number.POSITIVE_INFINITY;
    this.#cancel = ms === Number.POSITIVE_INFINITY ? undefined : context.later(ms, () => this.changed());
  }

  #meshSide(size: number): Side {
    const downSince = this.context.meshDownSince();
    return {
      known: this.meshKnown,
      size,
      ...(this.#meshEmptySince === undefined ? {} : { emptySince: this.#meshEmptySince }),
      ...(downSince === undefined ? {} : { downSince }),
    };
  }

  #remember<T>(merged: readonly T[], shape: Shape<T>): void {
    const { context, host, rules } = this;
    const port = host?.servicePort;
    if (host === undefined || port === undefined || rules.mode === 'off' || rules.calls === 'off') {
      context.book.forget(this, context.now());
      return;
    }
    const keys = new Set(host.instances.map(({ key }) => key));
    const addresses = [];
    for (const record of merged) {
      const key = shape.key(record);
      const at = key?.lastIndexOf(':') ?? -1;
      if (key !== undefined && at > 0)
        addresses.push({ ip: key.slice(0, at), port: Number(key.slice(at + 1)) });
    }
    const owner = context.owner(host.host, port, rules.calls === 'pin-first');
    context.book.handOut(this, owner, addresses, (key) => keys.has(key), context.now());
  }
}
