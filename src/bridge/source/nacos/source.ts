/** The Nacos source: one follower per namespace, one state for the operator. */

import { PUBLIC_NAMESPACE } from '../../../nacos';
import { HttpClient } from '../../http';
import type { Source, SourceContext, SourceSink, SourceState } from '../../model';
import { type Auth, createAuth, NacosServers } from '../../nacos';
import { AdminApi } from './admin';
import { type NacosConfig, nacosMistakes } from './config';
import { HttpApi } from './http-api';
import { NamespaceFollower } from './namespace';
import { queryConfig } from './read-config';

const MAX_SOCKETS = 8;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Between two looks at which namespaces there are, for `namespaces: all`. */
const NAMESPACES_MS = 30_000;
const RETRY_NAMESPACES_MS = 2_000;

/** A source that can also read Nacos' configuration, where Dubbo keeps the metadata of its revisions. */
export interface NacosSource extends Source {
  /**
   * One configuration of a namespace; undefined: there is none. Rejects with a sentence when it cannot be asked for.
   * `namespace`: the first one that is followed when absent.
   */
  readConfig(dataId: string, group: string, namespace?: string): Promise<string | undefined>;
}

/** Throws one sentence per mistake that the schema cannot see. */
export function createNacosSource(config: NacosConfig, context: SourceContext): NacosSource {
  const mistakes = nacosMistakes(config);
  if (mistakes.length > 0) throw new Error(`source ${config.name}: ${mistakes.join('; ')}`);
  return new NamespacesSource(config, context);
}

interface Member {
  readonly follower: NamespaceFollower;
  state: SourceState;
  detail: string | undefined;
  synced: boolean;
}

class NamespacesSource implements NacosSource {
  readonly type = 'nacos';
  readonly #http: HttpClient;
  readonly #servers: NacosServers;
  readonly #auth: Auth;
  readonly #api: HttpApi;
  readonly #admin: AdminApi | undefined;
  readonly #members = new Map<string, Member>();
  #sink: SourceSink | undefined;
  #told: { readonly state: SourceState; readonly text: string | undefined } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    readonly config: NacosConfig,
    readonly context: SourceContext,
  ) {
    const { tls, requestTimeoutMs: timeoutMs, adminUrl } = config;
    const { now } = context;
    const limits = { maxSockets: MAX_SOCKETS, maxBytes: MAX_ANSWER_BYTES };
    const http = new HttpClient({ ...(tls && { tls }), ...limits, now });
    this.#http = http;
    this.#servers = new NacosServers(config, http, now);
    this.#auth = createAuth({ config, http, now });
    this.#api = new HttpApi({ http, auth: this.#auth, timeoutMs });
    this.#admin = adminUrl === undefined ? undefined : new AdminApi(adminUrl, this.#api);
  }

  get name(): string {
    return this.config.name;
  }

  start(sink: SourceSink): void {
    this.#sink = sink;
    const { namespaces } = this.config;
    sink.state('connecting');
    if (namespaces === 'all') void this.#followAll();
    else this.#followThese(namespaces);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await Promise.all([...this.#members.values()].map(({ follower }) => follower.stop()));
    this.#http.close();
  }

  readConfig(dataId: string, group: string, namespace?: string): Promise<string | undefined> {
    const id = namespace ?? [...this.#members.keys()][0] ?? PUBLIC_NAMESPACE;
    return queryConfig(this.#members.get(id)?.follower.session, id, dataId, group);
  }

  async #followAll(): Promise<void> {
    let again = NAMESPACES_MS;
    try {
      const namespaces = await this.#admin!.namespaces();
      if (this.#stopped) return;
      this.#followThese(namespaces);
    } catch (error) {
      if (this.#stopped) return;
      const { message } = error as Error;
      this.context.log.warn('nacos.namespaces.failed', { reason: message });
      // What is followed already goes on; only new namespaces are not seen.
      if (this.#members.size === 0) this.#tell('down', message);
      again = RETRY_NAMESPACES_MS;
    }
    this.#timer = setTimeout(() => void this.#followAll(), again);
  }

  #followThese(namespaces: readonly string[]): void {
    const wanted = new Set(namespaces.map((id) => id || PUBLIC_NAMESPACE));
    for (const id of wanted) if (!this.#members.has(id)) this.#follow(id);
    for (const [id, { follower }] of this.#members) {
      if (wanted.has(id)) continue;
      this.#members.delete(id);
      void follower.stop(true);
    }
  }

  #follow(namespace: string): void {
    const sink = this.#sink!;
    const follower = new NamespaceFollower({
      namespace,
      config: this.config,
      servers: this.#servers,
      auth: this.#auth,
      api: this.#api,
      admin: this.#admin,
      context: this.context,
      sink,
      state: (state, detail) => {
        Object.assign(member, { state, detail });
        this.#tellState();
      },
      synced: () => {
        member.synced = true;
        if ([...this.#members.values()].every(({ synced }) => synced)) sink.synced();
      },
    });
    const member: Member = { follower, state: 'connecting', detail: undefined, synced: false };
    this.#members.set(namespace, member);
    follower.start();
  }

  /** The worst of all namespaces; its detail says which. */
  #tellState(): void {
    const members = [...this.#members];
    const worst =
      members.find(([, { state }]) => state === 'down') ??
      members.find(([, { state }]) => state === 'connecting') ??
      members.find(([, { detail }]) => detail !== undefined) ??
      members[0]!;
    const [namespace, { state, detail }] = worst;
    const prefix = members.length > 1 ? `namespace ${namespace}: ` : '';
    this.#tell(state, detail === undefined ? undefined : prefix + detail);
  }

  /** Only what is new. */
  #tell(state: SourceState, text: string | undefined): void {
    if (this.#told?.state === state && this.#told.text === text) return;
    this.#told = { state, text };
    this.#sink?.state(state, text);
  }
}
