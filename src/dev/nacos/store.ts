/**
 * What is registered: per service the publications of each client, as Nacos 2 and later keep them. A client is a gRPC
 * connection (one publication per service, replaced as a whole) or one `ip:port` that came by HTTP.
 */

import type { NacosInstance, ServiceInfo } from '../../nacos';

export interface ServiceId {
  readonly namespace: string;
  readonly group: string;
  readonly name: string;
}

/** An instance as published; `clusterName` is always set. */
export interface Published extends NacosInstance {
  readonly weight: number;
  readonly healthy: boolean;
  readonly enabled: boolean;
  readonly ephemeral: boolean;
  readonly clusterName: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What an operator set by the API; wins over what the client published, as long as the instance is there. */
export interface Override {
  readonly weight?: number;
  readonly enabled?: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** `appeared` and `emptied`: between none and some instances. */
export type Change = 'appeared' | 'changed' | 'emptied';
export type ChangeListener = (service: ServiceId, change: Change) => void;

interface Service {
  readonly id: ServiceId;
  readonly ephemeral: boolean;
  readonly publications: Map<string, readonly Published[]>;
  readonly overrides: Map<string, Override>;
  changedAt: number;
}

const CACHE_MS = 10_000;

/** Refused by the registry's rules; `message` as Nacos words it. */
export class StoreError extends Error {}

export class ServiceStore {
  readonly #services = new Map<string, Service>();
  readonly #listeners = new Set<ChangeListener>();
  #lastTime = 0;

  constructor(readonly now: () => number) {}

  onChange(listener: ChangeListener): void {
    this.#listeners.add(listener);
  }

  /** Replaces what the client published for the service. Throws a StoreError when the service is of another kind. */
  publish(id: ServiceId, client: string, instances: readonly Published[]): void {
    if (instances.length === 0) {
      this.withdraw(id, client);
      return;
    }
    const ephemeral = instances[0]!.ephemeral;
    const service = this.#service(id, ephemeral);
    if (service.ephemeral !== ephemeral) {
      const [is, asked] = ephemeral ? ['persistent', 'ephemeral'] : ['ephemeral', 'persistent'];
      const name = `${id.group}@@${id.name}`;
      throw new StoreError(
        `errCode: 400, errMsg: Current service ${name} is ${is} service, can't register ${asked} instance. `,
      );
    }
    const before = this.#count(service);
    service.publications.set(client, instances);
    this.#changed(service, before);
  }

  withdraw(id: ServiceId, client: string): void {
    const service = this.#services.get(keyOf(id));
    if (!service) return;
    const before = this.#count(service);
    if (!service.publications.delete(client)) return;
    const left = new Set([...service.publications.values()].flat().map(placeOf));
    for (const place of [...service.overrides.keys()]) if (!left.has(place)) service.overrides.delete(place);
    this.#changed(service, before);
  }

  /** The client is gone. */
  withdrawAll(client: string): void {
    for (const { id, publications } of [...this.#services.values()])
      if (publications.has(client)) this.withdraw(id, client);
  }

  /** What the client has published for the service. */
  publication(id: ServiceId, client: string): readonly Published[] | undefined {
    return this.#services.get(keyOf(id))?.publications.get(client);
  }

  /** An operator's edit. false: there is no such instance. */
  override(id: ServiceId, place: { ip: string; port: number; clusterName: string }, edit: Override): boolean {
    const service = this.#services.get(keyOf(id));
    const key = placeOf(place);
    const exists = [...(service?.publications.values() ?? [])].flat().some((each) => placeOf(each) === key);
    if (!service || !exists) return false;
    service.overrides.set(key, { ...service.overrides.get(key), ...edit });
    this.#changed(service, this.#count(service));
    return true;
  }

  /** Names of a group, also of services that have no instances left. */
  names(namespace: string, group: string): string[] {
    return this.services(namespace)
      .filter((id) => id.group === group)
      .map(({ name }) => name);
  }

  services(namespace: string): ServiceId[] {
    return [...this.#services.values()].map(({ id }) => id).filter((id) => id.namespace === namespace);
  }

  namespaces(): string[] {
    return [...new Set(['public', ...[...this.#services.values()].map(({ id }) => id.namespace)])];
  }

  has(id: ServiceId): boolean {
    const service = this.#services.get(keyOf(id));
    return service !== undefined && this.#count(service) > 0;
  }

  /** Disabled instances are not in it, unhealthy ones are. */
  info(id: ServiceId, clusters = ''): ServiceInfo & Readonly<Record<string, unknown>> {
    const service = this.#services.get(keyOf(id));
    const wanted = clusters.split(',').filter((cluster) => cluster !== '');
    const hosts = service === undefined ? [] : merged(service);
    return {
      name: id.name,
      groupName: id.group,
      clusters,
      cacheMillis: CACHE_MS,
      hosts: hosts.filter(
        ({ enabled, clusterName }) => enabled && (wanted.length === 0 || wanted.includes(clusterName)),
      ),
      lastRefTime: service?.changedAt ?? this.#time(),
      checksum: '',
      allIps: false,
      reachProtectionThreshold: false,
      valid: true,
    };
  }

  /** Forgets services without instances. */
  clean(): void {
    for (const [key, service] of this.#services) if (this.#count(service) === 0) this.#services.delete(key);
  }

  #service(id: ServiceId, ephemeral: boolean): Service {
    let service = this.#services.get(keyOf(id));
    if (!service || (this.#count(service) === 0 && service.ephemeral !== ephemeral)) {
      service = { id, ephemeral, publications: new Map(), overrides: new Map(), changedAt: 0 };
      this.#services.set(keyOf(id), service);
    }
    return service;
  }

  #count({ publications }: Service): number {
    let count = 0;
    for (const instances of publications.values()) count += instances.length;
    return count;
  }

  #changed(service: Service, before: number): void {
    service.changedAt = this.#time();
    const after = this.#count(service);
    const change = before === 0 ? 'appeared' : after === 0 ? 'emptied' : 'changed';
    for (const listener of this.#listeners) listener(service.id, change);
  }

  /** Never twice the same: a later state has a later time. */
  #time(): number {
    this.#lastTime = Math.max(this.#lastTime + 1, this.now());
    return this.#lastTime;
  }
}

function keyOf({ namespace, group, name }: ServiceId): string {
  return `${namespace}@@${group}@@${name}`;
}

function placeOf({
  ip,
  port,
  clusterName,
}: {
  ip: string;
  port: number;
  clusterName?: string | null;
}): string {
  return `${ip}:${port}:${clusterName}`;
}

/** All publications with the operator's edits; what two clients publish alike is there once. */
function merged({ id, publications, overrides }: Service): Published[] {
  const found = new Map<string, Published>();
  const serviceName = `${id.group}@@${id.name}`;
  for (const published of [...publications.values()].flat()) {
    const { metadata, ...edit } = overrides.get(placeOf(published)) ?? {};
    const { ip, port, clusterName, ephemeral } = published;
    const instance = {
      instanceId: published.instanceId ?? `${ip}#${port}#${clusterName}#${serviceName}`,
      ip,
      port,
      weight: published.weight,
      healthy: published.healthy,
      enabled: published.enabled,
      ephemeral,
      clusterName,
      serviceName,
      metadata: { ...published.metadata, ...metadata },
      instanceHeartBeatInterval: 5_000,
      instanceHeartBeatTimeOut: 15_000,
      ipDeleteTimeout: 30_000,
      ...edit,
    };
    found.set(JSON.stringify(instance), instance);
  }
  return [...found.values()];
}

/** An instance as a client sent it; what is missing has Nacos' defaults. */
export function toPublished(given: Partial<NacosInstance>, ephemeral: boolean): Published {
  return {
    ...(given.instanceId ? { instanceId: given.instanceId } : {}),
    ip: String(given.ip ?? ''),
    port: Number(given.port ?? 0),
    weight: Number(given.weight ?? 1),
    healthy: given.healthy !== false,
    enabled: given.enabled !== false,
    ephemeral,
    clusterName: given.clusterName || 'DEFAULT',
    metadata: given.metadata ?? {},
  };
}
