/**
 * Publishes services in one namespace of Nacos, on a connection of its own: Nacos keeps one publication per connection
 * and service, so each is always the full batch; they live as long as the connection, and end with it, also in a crash.
 * An address that registers there by itself is left out as long as it does: no client may see it twice.
 */

import type { NotifySubscriberRequest, ServiceInfo, SubscribeResponse } from '../../nacos';
import { HttpClient } from '../http';
import type { SourceContext } from '../model';
import { createAuth, NacosConnection, NacosServers, type Session } from '../nacos';
import type { ExportConfig } from './config';
import { ORIGIN } from './origin';

export interface PublishedInstance {
  readonly ip: string;
  readonly port: number;
  readonly weight: number;
  readonly metadata: Readonly<Record<string, string>>;
}

const MAX_SOCKETS = 2;
const MAX_ANSWER_BYTES = 1024 * 1024;
const RETRY_MS = 1_000;

interface Publication {
  readonly group: string;
  readonly name: string;
  wanted: readonly PublishedInstance[];
  /** `ip:port` of what others registered; undefined: not subscribed to in this session. */
  natives: ReadonlySet<string> | undefined;
  /** JSON of what this session was sent; undefined: nothing. */
  sent: string | undefined;
}

export class NacosPublisher {
  readonly #publications = new Map<string, Publication>();
  readonly #http: HttpClient;
  readonly #connection: NacosConnection;
  #session: Session | undefined;
  #working: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #complained = false;
  #stopped = false;

  constructor(
    readonly config: ExportConfig['nacos'],
    readonly context: SourceContext,
  ) {
    const { tls, namespace } = config;
    const { now, random } = context;
    const http = new HttpClient({
      ...(tls && { tls }),
      ...{ maxSockets: MAX_SOCKETS, maxBytes: MAX_ANSWER_BYTES, now },
    });
    this.#http = http;
    this.#connection = new NacosConnection({
      config,
      servers: new NacosServers(config, http, now),
      auth: createAuth({ config, http, now }),
      namespace,
      random,
      events: {
        opened: (session) => this.#opened(session),
        lost: ({ message }) => this.#lost(message),
        push: (session, type, body) => {
          if (session !== this.#session || type !== 'NotifySubscriberRequest') return;
          this.#listed((body as NotifySubscriberRequest).serviceInfo);
        },
      },
    });
  }

  /** Everything is published at this moment. */
  get isSettled(): boolean {
    return this.#connection.session !== undefined && [...this.#publications.values()].every(isSent);
  }

  start(): void {
    this.#connection.start();
  }

  /** The service's whole present state; none: it is withdrawn. */
  publish(group: string, name: string, instances: readonly PublishedInstance[]): void {
    const key = `${group}@@${name}`;
    const publication = this.#publications.get(key);
    if (publication) publication.wanted = instances;
    else this.#publications.set(key, { group, name, wanted: instances, natives: undefined, sent: undefined });
    this.#work();
  }

  /** Withdraws everything, then closes. A server that does not answer withdraws it at the connection's end. */
  async stop(): Promise<void> {
    for (const publication of this.#publications.values()) publication.wanted = [];
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#working;
    if (this.#session?.isOpen) await this.#sendAll(this.#session).catch((error) => this.#failed(error));
    await this.#connection.stop();
    this.#http.close();
  }

  #opened(session: Session): void {
    this.#session = session;
    for (const publication of this.#publications.values())
      Object.assign(publication, { sent: undefined, natives: undefined });
    this.context.log.info('export.nacos.up', { server: session.options.server.grpcTarget });
    this.#work();
  }

  #lost(reason: string): void {
    this.#session = undefined;
    if (!this.#complained && !this.#stopped) this.context.log.warn('export.nacos.down', { reason });
    this.#complained = true;
  }

  /** One at a time, so that the last state is the last one sent. */
  #work(): void {
    const session = this.#session;
    if (this.#working || this.#stopped || !session) return;
    clearTimeout(this.#timer);
    this.#working = this.#sendAll(session)
      .catch((error) => {
        this.#failed(error);
        this.#timer = setTimeout(() => this.#work(), RETRY_MS);
      })
      .finally(() => {
        this.#working = undefined;
        if (this.#session !== session) this.#work();
      });
  }

  async #sendAll(session: Session): Promise<void> {
    for (;;) {
      const next = [...this.#publications.values()].find((each) => !isSent(each));
      if (!next) return;
      await this.#send(session, next);
      this.#complained = false;
    }
  }

  async #send(session: Session, publication: Publication): Promise<void> {
    const { group, name } = publication;
    const { namespace } = this.config;
    const service = { namespace, groupName: group, serviceName: name };
    const resource = { kind: 'naming', group, name } as const;
    if (publication.natives === undefined) {
      const request = { ...service, subscribe: true, clusters: '' };
      const { serviceInfo } = await session.request<SubscribeResponse>(
        'SubscribeServiceRequest',
        request,
        resource,
      );
      publication.natives = nativesOf(serviceInfo);
    }
    const instances = chosen(publication);
    const text = JSON.stringify(instances);
    if (isSent(publication)) return;
    const batch = instances.map(toNacos);
    if (batch.length > 0) {
      const request = { ...service, type: 'batchRegisterInstance', instances: batch };
      await session.request('BatchInstanceRequest', request, resource);
    } else {
      // Any instance will do: the connection's whole publication goes.
      const [instance] = (JSON.parse(publication.sent ?? '[]') as PublishedInstance[]).map(toNacos);
      const request = { ...service, type: 'deregisterInstance', instance };
      await session.request('InstanceRequest', request, resource);
    }
    publication.sent = text;
    this.context.log.info('export.published', { group, name, instances: instances.length });
  }

  #listed(info: ServiceInfo | undefined): void {
    const publication = this.#publications.get(`${info?.groupName}@@${info?.name}`);
    if (!publication) return;
    publication.natives = nativesOf(info);
    this.#work();
  }

  #failed(error: unknown): void {
    const { message } = error as Error;
    if (!this.#complained) this.context.log.warn('export.nacos.down', { reason: message });
    this.#complained = true;
  }
}

/** What may be published now. */
function chosen({ wanted, natives }: Publication): readonly PublishedInstance[] {
  return natives?.size ? wanted.filter(({ ip, port }) => !natives.has(`${ip}:${port}`)) : wanted;
}

function isSent(publication: Publication): boolean {
  return (publication.sent ?? '[]') === JSON.stringify(chosen(publication));
}

function nativesOf(info: ServiceInfo | null | undefined): ReadonlySet<string> {
  const hosts = Array.isArray(info?.hosts) ? info.hosts : [];
  const foreign = hosts.filter(({ metadata }) => metadata?.[ORIGIN] === undefined);
  return new Set(foreign.map(({ ip, port }) => `${ip}:${port}`));
}

function toNacos({ ip, port, weight, metadata }: PublishedInstance) {
  const fixed = { healthy: true, enabled: true, ephemeral: true, clusterName: 'DEFAULT' };
  return { ip, port, weight, metadata, ...fixed };
}
