/** Follows a namespace over one session: synchronises, takes pushes, lists again and again, until the session ends. */

import { type NotifySubscriberRequest, type ServiceInfo, splitServiceName } from '../../../nacos';
import type { SourceLog } from '../../model';
import type { Session } from '../../nacos';
import type { AdminApi } from './admin';
import type { NacosConfig } from './config';
import { addedServices, watchNames } from './fuzzy-watch';
import { listServices, type ServiceName } from './lister';
import type { ServiceTable } from './service-table';
import { Subscriber } from './subscriber';

/** After a first listing that failed; later ones are tried at their interval. */
const RETRY_LISTING_MS = 1_000;

export interface FollowerEvents {
  /** Everything that the namespace has was told, or it was listed once more. `first`: of this session. */
  readonly listed: (first: boolean) => void;
  readonly failed: (reason: string) => void;
  /** `reason` undefined: it is all right (again). */
  readonly problem: (service: ServiceName, reason: string | undefined) => void;
}

export interface SessionFollowerOptions {
  readonly session: Session;
  readonly namespace: string;
  readonly config: NacosConfig;
  readonly admin: AdminApi | undefined;
  readonly table: ServiceTable;
  readonly log: SourceLog;
  readonly events: FollowerEvents;
}

export class SessionFollower {
  readonly #subscriber: Subscriber;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(readonly options: SessionFollowerOptions) {
    const { session, namespace, config, table, events } = options;
    this.#subscriber = new Subscriber({
      session,
      namespace,
      concurrency: config.subscribeConcurrency,
      answered: (service, info) => {
        if (this.#stopped) return;
        events.problem(service, undefined);
        table.take(service.group, service.name, info, false);
      },
      refused: (service, { message }) => events.problem(service, message),
    });
  }

  start(): void {
    void this.#round(true);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  push(type: string, body: unknown): void {
    if (this.#stopped) return;
    for (const service of addedServices(type, body, this.options.config.dubbo.consumers))
      void this.#follow(service);
    if (type !== 'NotifySubscriberRequest') return;
    const { serviceInfo } = body as NotifySubscriberRequest;
    if (typeof serviceInfo?.name === 'string') this.#takePush(serviceInfo);
  }

  /** A service that was kept for a while is gone after all. */
  unsubscribe(service: ServiceName): void {
    this.#subscriber.drop(service).catch((error) => this.#note('nacos.unsubscribe.failed', error));
  }

  get #over(): boolean {
    return this.#stopped || !this.options.session.isOpen;
  }

  async #round(first: boolean): Promise<void> {
    const { events, config } = this.options;
    let good = false;
    try {
      if (first) await this.#synchronise();
      else await this.#reconcile();
      good = true;
    } catch (error) {
      if (!this.#over) events.failed((error as Error).message);
    }
    if (this.#over) return;
    if (good) events.listed(first);
    const again = first && !good;
    this.#timer = setTimeout(() => void this.#round(again), again ? RETRY_LISTING_MS : config.listIntervalMs);
  }

  /** Resolves when every service was answered. */
  async #synchronise(): Promise<void> {
    const { session, namespace, config, table, log } = this.options;
    // Before the listing: what is added in between is told.
    if (config.fuzzyWatch && session.abilities['fuzzyWatch'])
      await watchNames({ session, namespace, groups: config.groups, log });
    const listed = await this.#list();
    // What is known but not listed is subscribed to as well: after a restart of the server it may come back.
    await Promise.all([...listed, ...table.known()].map((service) => this.#subscriber.add(service)));
    if (!this.#over) this.#unlistAllBut(listed);
  }

  async #reconcile(): Promise<void> {
    const listed = await this.#list();
    if (this.#over) return;
    // One that is not answered yet does not hold up the next listing.
    for (const service of listed) void this.#follow(service);
    this.#unlistAllBut(listed);
  }

  #list(): Promise<ServiceName[]> {
    const { session, namespace, config, admin } = this.options;
    return listServices(session, namespace, config, admin);
  }

  async #follow(service: ServiceName): Promise<void> {
    try {
      await this.#subscriber.add(service);
    } catch (error) {
      // The session is over, which is told by itself; the next one subscribes again.
      this.#note('nacos.subscribe.ended', error);
    }
  }

  #unlistAllBut(listed: readonly ServiceName[]): void {
    const names = new Set(listed.map(({ group, name }) => `${group}@@${name}`));
    for (const service of this.options.table.known()) {
      if (names.has(`${service.group}@@${service.name}`)) continue;
      // Kept ones stay subscribed to: the server tells when they are back.
      if (!this.options.table.unlist(service.group, service.name)) this.unsubscribe(service);
    }
  }

  #takePush(info: ServiceInfo): void {
    const { group, name } = info.name.includes('@@')
      ? splitServiceName(info.name)
      : { group: info.groupName, name: info.name };
    // A push may cross our unsubscription.
    if (this.#subscriber.has({ group, name })) this.options.table.take(group, name, info, true);
  }

  #note(event: string, error: unknown): void {
    if (this.#over) return;
    this.options.log.info(event, { namespace: this.options.namespace, reason: (error as Error).message });
  }
}
