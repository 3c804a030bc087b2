/** Follows one namespace, by gRPC, or by HTTP polling as long as gRPC cannot be reached but HTTP answers. */

import type { SourceContext, SourceSink, SourceState } from '../../model';
import { type Auth, NacosConnection, type NacosFailure, type NacosServers, type Session } from '../../nacos';
import type { AdminApi } from './admin';
import type { NacosConfig } from './config';
import { DubboLayer } from './dubbo-layer';
import type { HttpApi } from './http-api';
import type { ServiceName } from './lister';
import { Poller } from './poller';
import { queryConfig } from './read-config';
import { DubboRules, isRuleChange } from './rules';
import { serviceKey } from './service';
import { ServiceTable } from './service-table';
import { SessionFollower } from './session-follower';

/** Attempts without a gRPC connection before HTTP is tried. */
const FAILURES_BEFORE_HTTP = 3;

export interface NamespaceOptions {
  readonly namespace: string;
  readonly config: NacosConfig;
  readonly servers: NacosServers;
  readonly auth: Auth;
  readonly api: HttpApi;
  readonly admin: AdminApi | undefined;
  readonly context: SourceContext;
  readonly sink: SourceSink;
  readonly state: (state: SourceState, detail?: string) => void;
  /** All that the namespace has was told. */
  readonly synced: () => void;
}

export class NamespaceFollower {
  readonly #table: ServiceTable;
  readonly #dubbo: DubboLayer;
  readonly #rules: DubboRules;
  readonly #connection: NacosConnection;
  #follower: SessionFollower | undefined;
  #poller: Poller | undefined;
  #settling: NodeJS.Timeout | undefined;
  #everSynced = false;
  #complained = false;
  #stopped = false;

  constructor(readonly options: NamespaceOptions) {
    const { namespace, config, servers, auth, context, sink } = options;
    const { pushEmptyProtection } = config;
    this.#dubbo = new DubboLayer({
      namespace,
      config: config.dubbo,
      sink,
      readConfig: (dataId, group) => queryConfig(this.session, namespace, dataId, group),
      random: context.random,
    });
    this.#rules = new DubboRules({
      namespace,
      apply: (name, overrides) => this.#dubbo.setRules(name, overrides),
      problem: (dataId, reason) => {
        const problem = reason === undefined ? undefined : { service: dataId, reason };
        sink.problem(dataId, undefined, problem);
      },
    });
    this.#table = new ServiceTable({ namespace, sink: this.#dubbo, pushEmptyProtection });
    this.#connection = new NacosConnection({
      config,
      servers,
      auth,
      namespace,
      random: context.random,
      events: {
        opened: (session) => this.#opened(session),
        lost: (failure, failed) => this.#lost(failure, failed),
        push: (session, type, body) => {
          if (this.#follower?.options.session !== session) return;
          if (isRuleChange(type, body)) void this.#refreshRules();
          this.#follower.push(type, body);
        },
      },
    });
  }

  /** Set up at this moment, or undefined. */
  get session(): Session | undefined {
    return this.#connection.session;
  }

  start(): void {
    this.#connection.start();
  }

  /** `forget`: the namespace is no longer there, and its services neither. */
  async stop(forget = false): Promise<void> {
    this.#stopped = true;
    this.#endFollowing();
    await this.#connection.stop();
    if (forget) {
      this.#table.clear();
      await this.#dubbo.settled();
    }
    await this.#dubbo.stop();
  }

  #opened(session: Session): void {
    const { namespace, config, admin, context } = this.options;
    this.#endFollowing();
    this.#newSession();
    context.log.info('nacos.connected', { namespace, server: session.options.server.grpcTarget });
    this.#follower = new SessionFollower({
      session,
      namespace,
      config,
      admin,
      table: this.#table,
      log: context.log,
      events: {
        listed: (first) => this.#listed(first),
        failed: (reason) => this.#down(reason),
        problem: (service, reason) => this.#problem(service, reason),
      },
    });
    this.#follower.start();
  }

  #lost(failure: NacosFailure, failedAttempts: number): void {
    if (this.#poller === undefined) {
      this.#endFollowing();
      this.#down(failure.message);
    }
    const { httpFallback } = this.options.config;
    if (httpFallback && failedAttempts >= FAILURES_BEFORE_HTTP && !this.#stopped) this.#poll();
  }

  #poll(): void {
    if (this.#poller !== undefined) return;
    const { namespace, config, servers, api, admin } = this.options;
    let rounds = 0;
    this.#newSession();
    this.#poller = new Poller({
      namespace,
      config,
      servers,
      api,
      admin,
      found: ({ group, name }, info) => this.#table.take(group, name, info, false),
      complete: (services) => {
        const names = new Set(services.map(({ group, name }) => `${group}@@${name}`));
        for (const { group, name } of this.#table.known())
          if (!names.has(`${group}@@${name}`)) this.#table.unlist(group, name);
        this.#listed(rounds++ === 0, 'by HTTP polling: the gRPC port cannot be reached');
      },
      failed: ({ message }) => this.#down(message),
    });
    this.#poller.start();
  }

  /** What was known stays until it is listed again, or for `settleMs` after the synchronisation. */
  #newSession(): void {
    this.#table.newSession(this.#everSynced && this.options.config.settleMs > 0);
  }

  #listed(first: boolean, detail?: string): void {
    const { config, context, namespace, state } = this.options;
    this.#complained = false;
    state('up', detail);
    if (!first) {
      void this.#refreshRules();
      return;
    }
    context.log.info('nacos.synced', { namespace, services: this.#table.size, ...(detail && { detail }) });
    if (this.#table.isSettling) this.#settling = setTimeout(() => this.#settle(), config.settleMs);
    this.#everSynced = true;
    void this.#tellSynced();
  }

  /** Revisions and rules are part of the truth. */
  async #tellSynced(): Promise<void> {
    await this.#dubbo.settled();
    await this.#refreshRules();
    await this.#dubbo.settled();
    if (!this.#stopped) this.options.synced();
  }

  async #refreshRules(): Promise<void> {
    const { session } = this;
    const names = this.#dubbo.interfaces();
    if (!session || names.length === 0) return;
    try {
      await this.#rules.refresh(session, names);
    } catch (error) {
      // The former rules stay in force; the next listing asks again.
      const { namespace, context } = this.options;
      context.log.info('nacos.rules.failed', { namespace, reason: (error as Error).message });
    }
  }

  #settle(): void {
    for (const service of this.#table.settled()) this.#follower?.unsubscribe(service);
  }

  #down(reason: string): void {
    const { namespace, context, state } = this.options;
    if (!this.#complained) context.log.warn('nacos.down', { namespace, reason });
    this.#complained = true;
    state('down', reason);
  }

  #problem({ group, name }: ServiceName, reason: string | undefined): void {
    const service = serviceKey(this.options.namespace, group, name);
    const problem = reason === undefined ? undefined : { service, reason };
    this.options.sink.problem(service, undefined, problem);
  }

  #endFollowing(): void {
    clearTimeout(this.#settling);
    this.#follower?.stop();
    this.#follower = undefined;
    this.#poller?.stop();
    this.#poller = undefined;
  }
}
