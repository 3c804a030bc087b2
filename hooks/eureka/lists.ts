import type { RegistryHub, RegistryService, Shape } from '../../src/registry';
import type { HookContext } from '../hook';
import { OutOfService } from './out-of-service';
import { type EurekaClient, type EurekaRecord, eurekaShape } from './shapes';

type Kind = 'app' | 'vip';
let clients = 0;

interface List {
  readonly service: RegistryService;
  readonly shape: Shape<EurekaRecord>;
  /** The merged list; undefined when it must be made again. */
  merged: readonly EurekaRecord[] | undefined;
  /** What was last handed out, to tell a change from none. */
  keys: string;
  records: readonly EurekaRecord[];
}

/** The lists of one client, by what they were asked by. */
export class ClientLists {
  readonly #lists = { app: new Map<string, List | null>(), vip: new Map<string, List | null>() };
  readonly #id = String(++clients);
  readonly #out = new OutOfService();
  #hasRegistry = false;

  constructor(
    private readonly hub: RegistryHub,
    private readonly context: HookContext,
    private readonly client: EurekaClient,
  ) {}

  /** The list as it was last, if nothing has changed. An empty one is read anew, so that the client warns of it. */
  known(kind: Kind, name: string): readonly EurekaRecord[] | undefined {
    const list = this.#lists[kind].get(name);
    if (!list || list.merged === undefined || list.merged.length === 0) return undefined;
    this.hub.lookedUp(list.service);
    return list.merged;
  }

  /** `records`: what the client has. */
  read(kind: Kind, name: string, records: readonly EurekaRecord[]): readonly EurekaRecord[] {
    const list = this.#list(kind, name);
    if (list === undefined) return records;
    if (this.#hasRegistry) {
      const keys = records.flatMap((record) => list.shape.key(record) ?? []);
      list.service.heard(keys, this.#out.of(kind, name));
    }
    list.records = records;
    list.merged = list.service.merge(records, list.shape);
    list.keys = this.#keys(list);
    this.hub.lookedUp(list.service);
    return list.merged;
  }

  /** The client has a new answer of the registry, or part of one: the applications of a delta. */
  updated(answer: { readonly full: unknown } | { readonly delta: unknown }): void {
    this.#hasRegistry = true;
    if ('full' in answer) this.#out.full(answer.full);
    else this.#out.delta(answer.delta);
    for (const lists of [this.#lists.app, this.#lists.vip])
      for (const list of lists.values()) if (list) list.merged = undefined;
  }

  /** The registry could not be asked. */
  failed(): void {
    for (const lists of [this.#lists.app, this.#lists.vip])
      for (const list of lists.values()) list?.service.failed();
  }

  #list(kind: Kind, name: string): List | undefined {
    const known = this.#lists[kind].get(name);
    if (known !== undefined) return known ?? undefined;
    const service = this.hub.service(
      { source: 'eureka', service: name.toLowerCase() },
      `${this.#id} ${kind} ${name}`,
    );
    if (service === undefined) {
      this.#lists[kind].set(name, null);
      return undefined;
    }
    const vip = kind === 'vip' ? name : name.toLowerCase();
    const shape = eurekaShape(name, vip, (instance) => this.hub.metadata(instance));
    const list: List = { service, shape, merged: undefined, keys: '', records: [] };
    this.#lists[kind].set(name, list);
    service.onChange(() => this.#changed(list));
    return list;
  }

  /** News of the mesh, the settings or the time: tells listeners, if the list that they have read is another one now. */
  #changed(list: List): void {
    const stale = list.merged === undefined;
    list.merged = list.service.merge(list.records, list.shape);
    const keys = this.#keys(list);
    // Read again from the client's cache, where that has changed meanwhile.
    if (stale) list.merged = undefined;
    if (keys === list.keys) return;
    list.keys = keys;
    if (this.context.enabled()) this.client.emit('registryUpdated');
  }

  #keys({ merged, shape }: List): string {
    return (merged ?? []).map((record) => shape.key(record)).join();
  }
}
