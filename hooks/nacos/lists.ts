import type { RegistryHub, RegistryService, Shape } from '../../src/registry';
import type { HookContext } from '../hook';
import { safely } from '../safely';
import { asksForMesh, type NacosRecord, nacosShape, type Reactor, type ServiceInfo } from './shapes';

const DEFAULT_GROUP = 'DEFAULT_GROUP';
const NO_RECORDS: readonly NacosRecord[] = [];
let clients = 0;

/** One list that the client follows: a service under a choice of clusters. */
interface List {
  readonly service: RegistryService;
  readonly shape: Shape<NacosRecord>;
  readonly key: string;
  /** The newest ServiceInfo, whose `hosts` is the merged list. */
  info: ServiceInfo | undefined;
  raw: readonly NacosRecord[];
  merged: readonly NacosRecord[];
  /** It has waited for the mesh, as far as there is any use in that. */
  settled: boolean;
  stop(): void;
}

/** The lists of one client. */
export class ClientLists {
  readonly #lists = new Map<string, List | null>();
  readonly #byInfo = new WeakMap<ServiceInfo, List>();
  readonly #id = String(++clients);
  #unsettled = 0;
  /** The reactor is at work: it must see what the registry sent. */
  #comparing = false;

  constructor(
    private readonly hub: RegistryHub,
    private readonly context: HookContext,
    private readonly reactor: Reactor,
    private readonly namespace: string | undefined,
    /** Says whether every look-up of a list must come by here. */
    private readonly need: (who: ClientLists, isNeeded: boolean) => void,
  ) {
    hub.asksMatterTo(this.#needed, true);
    this.#needed();
  }

  /** What the reactor knew before it was patched. */
  adoptAll(): void {
    for (const info of this.reactor._serviceInfoMap.values()) this.#adopt(info);
  }

  whileComparing<T>(action: () => T): T {
    const before = this.#comparing;
    this.#comparing = true;
    try {
      return action();
    } finally {
      this.#comparing = before;
    }
  }

  /** The reactor tells its subscribers: adopts what it tells, and shows it merged. */
  whileTelling<T>(info: ServiceInfo, tell: (merged: readonly NacosRecord[] | undefined) => T): T {
    const list = safely(this.context, () => this.#adopt(info));
    const before = this.#comparing;
    this.#comparing = false;
    try {
      return tell(list?.merged);
    } finally {
      this.#comparing = before;
    }
  }

  /** The reactor has taken an answer of the registry. */
  processed(json: string, info: ServiceInfo | undefined): void {
    if (info !== undefined && !this.#byInfo.has(info) && info.hosts?.length !== 0) {
      this.#adopt(info);
      return;
    }
    // It drops answers without hosts, and keeps what it had: the registry has said all the same that there are none.
    const { name, dom, clusters, hosts } = JSON.parse(json) as Record<string, unknown>;
    if (!Array.isArray(hosts) || hosts.length > 0) return;
    const list = this.#list(String(name ?? dom), clusters as string | undefined);
    list?.service.heard([]);
    list?.service.changed();
  }

  /** The registry could not be asked. */
  failed(name: string, clusters: string): void {
    safely(this.context, () => this.#list(name, clusters)?.service.failed());
  }

  readonly #needed = (): void =>
    safely(this.context, () => this.need(this, this.#unsettled > 0 || this.hub.asksMatter));

  isFirst(name: string, clusters: string): boolean {
    const list = this.#lists.get(keyOf(name, clusters));
    if (list) this.hub.lookedUp(list.service);
    // One that was asked for without being kept is settled, and has nothing to show yet.
    return list === undefined || (list !== null && !(list.settled && list.info));
  }

  /** The first answer for a list waits for the mesh too. What the client throws it throws. */
  async first(name: string, clusters: string, answer: Promise<ServiceInfo>): Promise<ServiceInfo> {
    const list = this.#list(name, clusters);
    if (list === undefined) return answer;
    this.hub.lookedUp(list.service);
    const [info] = await Promise.all([answer, this.hub.ready(list.service)]);
    this.#answered(list, info);
    return info;
  }

  /** The first answer for a list that the client does not know. */
  async updated(name: string, clusters: string, update: Promise<void>): Promise<void> {
    const list = this.#list(name, clusters);
    if (list === undefined) return update;
    this.hub.lookedUp(list.service);
    const ready = this.hub.ready(list.service);
    await update;
    const key = keyOf(name, clusters);
    // As the client does once it has its answer: who asks from now on waits for the mesh, not for news of the registry.
    this.reactor._updatingSet?.delete(key);
    await ready;
    this.#answered(list, this.reactor._serviceInfoMap.get(key));
  }

  #answered(list: List, info: ServiceInfo | undefined): void {
    safely(this.context, () => {
      this.#settle(list);
      // The reactor keeps an empty one where the registry has none, or could not be asked, and tells nobody.
      if (info && !this.#byInfo.has(info)) this.#show(list, info, NO_RECORDS);
      this.#refresh(list);
    });
  }

  /** An answer that is not kept: the reactor has nothing where the registry has nothing. */
  async direct(
    name: string,
    clusters: string,
    answer: Promise<ServiceInfo | null>,
  ): Promise<ServiceInfo | null> {
    const list = this.#list(name, clusters);
    if (list === undefined) return answer;
    const [info] = await Promise.all([answer, this.hub.ready(list.service)]);
    this.#settle(list);
    if (info) {
      this.#refresh(list);
      return info;
    }
    const merged = this.#merge(list, NO_RECORDS);
    return merged.length === 0 ? info : ({ name, clusters, hosts: merged } as unknown as ServiceInfo);
  }

  #settle(list: List): void {
    if (list.settled) return;
    list.settled = true;
    this.#unsettled--;
    this.#needed();
  }

  close(): void {
    for (const list of this.#lists.values()) list?.stop();
    this.#lists.clear();
    this.hub.asksMatterTo(this.#needed, false);
    this.need(this, false);
  }

  /** Makes `hosts` of what the registry sent the merged list. */
  #adopt(info: ServiceInfo): List | undefined {
    const known = this.#byInfo.get(info);
    if (known !== undefined) return known;
    const list = this.#list(info.name, info.clusters);
    if (list === undefined || !Array.isArray(info.hosts)) return undefined;
    const raw = info.hosts as readonly NacosRecord[];
    if (raw.length > 0) list.service.heard(raw.flatMap((record) => list.shape.key(record) ?? []));
    this.#show(list, info, raw);
    list.merged = this.#merge(list, raw);
    return list;
  }

  /** What is merged is for the caller to make, and to tell. */
  #show(list: List, info: ServiceInfo, raw: readonly NacosRecord[]): void {
    list.info = info;
    list.raw = raw;
    this.#byInfo.set(info, list);
    let own = raw;
    Object.defineProperty(info, 'hosts', {
      configurable: true,
      enumerable: true,
      get: () => (this.#comparing || list.info !== info || !this.context.enabled() ? own : list.merged),
      set: (hosts: readonly NacosRecord[]) => {
        own = hosts;
        if (list.info !== info) return;
        list.raw = hosts;
        list.merged = this.#merge(list, hosts);
      },
    });
  }

  #list(name: string, clusters: string | undefined): List | undefined {
    const key = keyOf(name, clusters);
    const known = this.#lists.get(key);
    if (known !== undefined) return known ?? undefined;
    const made = asksForMesh(clusters) ? this.#make(name, key) : undefined;
    this.#lists.set(key, made ?? null);
    return made;
  }

  #make(name: string, key: string): List | undefined {
    const at = name.indexOf('@@');
    const group = at < 0 ? DEFAULT_GROUP : name.slice(0, at);
    const service = this.hub.service(
      {
        source: 'nacos',
        service: at < 0 ? name : name.slice(at + 2),
        ...(group === DEFAULT_GROUP ? {} : { group }),
        ...(this.namespace === undefined ? {} : { namespace: this.namespace }),
      },
      `${this.#id} ${key}`,
    );
    if (service === undefined) return undefined;
    const shape = nacosShape(name, (instance) => this.hub.metadata(instance));
    this.#unsettled++;
    this.#needed();
    const unlisten = service.onChange(() => this.#refresh(list));
    const list: List = {
      service,
      shape,
      key,
      info: undefined,
      raw: NO_RECORDS,
      merged: NO_RECORDS,
      settled: false,
      stop: () => {
        unlisten();
        this.hub.release(service);
      },
    };
    return list;
  }

  /** After news of the mesh, the settings or the time: subscribers hear of a list that is another one. */
  #refresh(list: List): void {
    const { info } = list;
    if (info === undefined) return;
    const merged = this.#merge(list, list.raw);
    if (sameList(merged, list.merged)) return;
    list.merged = merged;
    if (this.context.enabled()) this.reactor.emit(`${list.key}_changed`, merged, info);
  }

  #merge(list: List, raw: readonly NacosRecord[]): readonly NacosRecord[] {
    return list.service.merge(raw, list.shape);
  }
}

/** As ServiceInfo.getKey. */
function keyOf(name: string, clusters: string | undefined): string {
  return clusters ? `${name}@@${clusters}` : name;
}

function sameList(a: readonly NacosRecord[], b: readonly NacosRecord[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, at) => {
      const other = b[at]!;
      return (
        one === other || (one.instanceId === other.instanceId && one.weight === other.weight && isCopy(other))
      );
    })
  );
}

function isCopy(record: NacosRecord): boolean {
  return record.metadata?.['inmesh.origin'] !== undefined;
}
