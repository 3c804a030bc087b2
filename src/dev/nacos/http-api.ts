/** The HTTP API without its transport: method, path and parameters to status and body. */

import { splitServiceName } from '../../nacos';
import type { Access } from './access';
import type { Beats } from './beats';
import type { ConfigStore } from './configs';
import { type ServiceId, type ServiceStore, StoreError, toPublished } from './store';
import { qualified, type UdpPush } from './udp-push';

export type Params = Record<string, string | undefined>;

export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface HttpApiOptions {
  readonly store: ServiceStore;
  readonly configs: ConfigStore;
  readonly beats: Beats;
  readonly udp: UdpPush;
  readonly access: Access;
  /** false: as 2.x, without `/v3`. */
  readonly v3: boolean;
}

type Handler = (params: Params) => HttpAnswer;

const OK: HttpAnswer = { status: 200, body: 'ok' };
const BEAT_MS = 5_000;
const BEAT_TAKEN = 10_200;
const BEAT_UNKNOWN = 20_404;

export class HttpApi {
  readonly #routes: Readonly<Record<string, Handler>>;

  constructor(readonly options: HttpApiOptions) {
    const naming = {
      'POST /v1/ns/instance': (params: Params) => this.#register(params),
      'DELETE /v1/ns/instance': (params: Params) => this.#deregister(params),
      'PUT /v1/ns/instance': (params: Params) => this.#edit(params),
      'PUT /v1/ns/instance/beat': (params: Params) => this.#beat(params),
      'GET /v1/ns/instance/list': (params: Params) => this.#instances(params),
      'GET /v1/ns/service/list': (params: Params) => this.#services(params),
      'GET /v1/cs/configs': (params: Params) => this.#config(params),
      'POST /v1/cs/configs': (params: Params) => this.#publishConfig(params),
    };
    const admin = {
      'GET /v3/admin/ns/service/list': (params: Params) => this.#catalog(params),
      'GET /v3/admin/core/namespace/list': () => this.#namespaces(),
      'PUT /v3/admin/ns/instance': (params: Params) => this.#edit(params),
    };
    const admin2x = {
      'GET /v1/ns/catalog/services': (params: Params) => this.#catalog2x(params),
      'GET /v1/console/namespaces': () => this.#namespaces(),
    };
    this.#routes = { ...naming, ...(options.v3 ? admin : admin2x) };
  }

  /** `headers`: where a token or a signature may be. */
  answer(method: string, path: string, params: Params, headers: Params): HttpAnswer {
    const route = `${method} ${path.replace(/^\/nacos(?=\/)/, '')}`;
    if (route === 'GET /v1/ns/operator/metrics') return { status: 200, body: { status: 'UP' } };
    const loginPath = this.options.v3 ? 'POST /v3/auth/user/login' : 'POST /v1/auth/users/login';
    if (route === loginPath) return this.#login(params);
    const handler = this.#routes[route];
    if (!handler) return { status: 404, body: { status: 404, error: 'Not Found', path } };
    const refusal = this.options.access.refusal(headers);
    if (refusal !== undefined)
      return { status: 403, body: { status: 403, error: 'Forbidden', message: refusal } };
    try {
      return handler(params);
    } catch (error) {
      if (error instanceof StoreError) return { status: 400, body: error.message };
      return { status: 400, body: `caused: ${(error as Error).message};` };
    }
  }

  #login({ username, password }: Params): HttpAnswer {
    const token = this.options.access.logIn(username ?? '', password ?? '');
    if (!token) return { status: 403, body: 'unknown user!' };
    return { status: 200, body: { ...token, globalAdmin: true, username } };
  }

  #register(params: Params): HttpAnswer {
    const { ip = '', port = '0', weight = '1', metadata, clusterName, healthy } = params;
    const ephemeral = params['ephemeral'] !== 'false';
    const enabled = (params['enabled'] ?? params['enable']) !== 'false';
    const instance = {
      ip,
      port: Number(port),
      weight: Number(weight),
      healthy: healthy !== 'false',
      enabled,
      metadata: parseMetadata(metadata),
      ...(clusterName === undefined ? {} : { clusterName }),
    };
    const id = idOf(params);
    const client = clientOf(params, ephemeral);
    this.options.store.publish(id, client, [toPublished(instance, ephemeral)]);
    if (ephemeral) this.options.beats.alive(id, client);
    return OK;
  }

  #deregister(params: Params): HttpAnswer {
    const id = idOf(params);
    const client = clientOf(params, params['ephemeral'] !== 'false');
    this.options.beats.gone(id, client);
    this.options.store.withdraw(id, client);
    return OK;
  }

  #edit(params: Params): HttpAnswer {
    const { ip = '', port = '0', weight, metadata, clusterName = 'DEFAULT' } = params;
    const enabled = params['enabled'] ?? params['enable'];
    const edited = this.options.store.override(
      idOf(params),
      { ip, port: Number(port), clusterName },
      {
        ...(weight === undefined ? {} : { weight: Number(weight) }),
        ...(enabled === undefined ? {} : { enabled: enabled !== 'false' }),
        ...(metadata === undefined ? {} : { metadata: parseMetadata(metadata) }),
      },
    );
    return edited ? OK : { status: 400, body: 'instance not exist' };
  }

  /** A beat that tells everything registers an instance that is not known any more. */
  #beat(params: Params): HttpAnswer {
    const beat = params['beat'] === undefined ? undefined : JSON.parse(params['beat']);
    const place = {
      ...params,
      ip: beat?.ip ?? params['ip'],
      port: String(beat?.port ?? params['port'] ?? 0),
    };
    const id = idOf(params);
    const client = clientOf(place, true);
    const answer = { clientBeatInterval: BEAT_MS, code: BEAT_TAKEN, lightBeatEnabled: true };
    if (this.options.store.publication(id, client) === undefined) {
      if (beat === undefined) return { status: 200, body: { ...answer, code: BEAT_UNKNOWN } };
      const instance = { ...beat, clusterName: beat.cluster, weight: beat.weight ?? 0 };
      this.options.store.publish(id, client, [toPublished(instance, true)]);
    }
    this.options.beats.alive(id, client);
    return { status: 200, body: answer };
  }

  #instances(params: Params): HttpAnswer {
    const { clusters = '', clientIP = '127.0.0.1', udpPort = '0', healthyOnly } = params;
    const id = idOf(params);
    if (Number(udpPort) > 0) this.options.udp.polled(id, clusters, clientIP, Number(udpPort));
    const info = qualified(this.options.store.info(id, clusters));
    if (healthyOnly !== 'true') return { status: 200, body: info };
    const hosts = (info['hosts'] as { healthy?: boolean }[]).filter(({ healthy }) => healthy);
    return { status: 200, body: { ...info, hosts } };
  }

  #services({ namespaceId, groupName = 'DEFAULT_GROUP', pageNo = '1', pageSize = '10' }: Params): HttpAnswer {
    const names = this.options.store.names(namespaceId || 'public', groupName);
    const from = (Number(pageNo) - 1) * Number(pageSize);
    return { status: 200, body: { count: names.length, doms: names.slice(from, from + Number(pageSize)) } };
  }

  #catalog(params: Params): HttpAnswer {
    const { items, total } = this.#page(params);
    return {
      status: 200,
      body: { code: 0, message: 'success', data: { totalCount: total, pageItems: items } },
    };
  }

  #catalog2x(params: Params): HttpAnswer {
    const { items, total } = this.#page(params);
    return { status: 200, body: { count: total, serviceList: items } };
  }

  #page({ namespaceId, pageNo = '1', pageSize = '10' }: Params) {
    const all = this.options.store.services(namespaceId || 'public');
    const from = (Number(pageNo) - 1) * Number(pageSize);
    const items = all
      .slice(from, from + Number(pageSize))
      .map(({ group, name }) => ({ name, groupName: group }));
    return { items, total: all.length };
  }

  #namespaces(): HttpAnswer {
    const data = this.options.store
      .namespaces()
      .map((namespace) => ({ namespace, namespaceShowName: namespace }));
    return { status: 200, body: { code: 0, message: 'success', data } };
  }

  #config({ tenant = '', group = '', dataId = '' }: Params): HttpAnswer {
    const content = this.options.configs.get(tenant, group, dataId);
    return content === undefined
      ? { status: 404, body: 'config data not exist' }
      : { status: 200, body: content };
  }

  #publishConfig({ tenant = '', group = '', dataId = '', content = '' }: Params): HttpAnswer {
    this.options.configs.publish(tenant, group, dataId, content);
    return { status: 200, body: 'true' };
  }
}

/** `groupName` counts only for a name without a group. v1 knows the default namespace as '', too. */
function idOf({ namespaceId, serviceName = '', groupName }: Params): ServiceId {
  const { group, name } = splitServiceName(serviceName);
  const own = serviceName.includes('@@') ? group : groupName || group;
  return { namespace: namespaceId || 'public', group: own, name };
}

function clientOf({ ip, port }: Params, ephemeral: boolean): string {
  return `${ip}:${port}#${ephemeral}`;
}

/** JSON, or `key=value,key=value`. */
function parseMetadata(text: string | undefined): Record<string, string> {
  if (text === undefined || text === '') return {};
  if (!text.startsWith('{'))
    return Object.fromEntries(text.split(',').map((pair) => [pair.split('=')[0]!, pair.split('=')[1] ?? '']));
  const entries = Object.entries(JSON.parse(text)).map(([key, value]) => [key, String(value)]);
  return Object.fromEntries(entries);
}
