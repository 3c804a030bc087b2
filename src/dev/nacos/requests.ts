/** The answers to unary requests, as Nacos 3.1 gives them. Pure of transport: a connection comes in, an answer goes out. */

import { ERROR, FAIL, type Message, type NacosInstance, SUCCESS } from '../../nacos';
import type { Access } from './access';
import type { ConfigStore } from './configs';
import type { Connection } from './connections';
import type { FuzzyWatches } from './fuzzy-watch';
import type { Pusher } from './pusher';
import { type ServiceId, type ServiceStore, StoreError, toPublished } from './store';

// biome-ignore lint/suspicious/noExplicitAny: JSON of a client; every handler takes what it finds
type Body = any;
type Answer = Readonly<Record<string, unknown>>;

export interface RegistryParts {
  readonly store: ServiceStore;
  readonly configs: ConfigStore;
  readonly pusher: Pusher;
  readonly fuzzy: FuzzyWatches;
  readonly access: Access;
}

/** Answers that need no registered connection, and no right. */
const OPEN = new Set(['ServerCheckRequest', 'HealthCheckRequest']);

export class Requests {
  constructor(readonly parts: RegistryParts) {}

  /** `connection` undefined: the peer has no bi-stream. */
  answer({ type, headers, body }: Message, connection: Connection | undefined): Message {
    if (type !== 'ServerCheckRequest' && connection === undefined)
      return failed('ErrorResponse', ERROR.UNREGISTERED, 'Connection is unregistered.');
    const refusal = OPEN.has(type) ? undefined : this.parts.access.refusal(headers);
    if (refusal !== undefined) return failed(type.replace(/Request$/, 'Response'), ERROR.NO_RIGHT, refusal);
    try {
      return this.#handle(type, body, connection!);
    } catch (error) {
      if (error instanceof StoreError) return failed('ErrorResponse', 400, error.message, 400);
      throw error;
    }
  }

  #handle(type: string, body: Body, connection: Connection): Message {
    switch (type) {
      case 'HealthCheckRequest':
        return ok('HealthCheckResponse');
      case 'InstanceRequest':
        return this.#instance(body, connection, true);
      case 'PersistentInstanceRequest':
        return this.#instance(body, connection, false);
      case 'BatchInstanceRequest':
        return this.#batch(body, connection);
      case 'SubscribeServiceRequest':
        return this.#subscribe(body, connection);
      case 'ServiceListRequest':
        return this.#list(body);
      case 'ServiceQueryRequest':
        return ok('QueryServiceResponse', {
          serviceInfo: this.parts.store.info(idOf(body), body.cluster ?? ''),
        });
      case 'NamingFuzzyWatchRequest':
        return this.#fuzzyWatch(body, connection);
      case 'ConfigQueryRequest':
        return this.#queryConfig(body);
      case 'ConfigBatchListenRequest':
        return ok('ConfigChangeBatchListenResponse', { changedConfigs: this.#changedConfigs(body) });
      case 'ConfigPublishRequest':
        this.parts.configs.publish(body.tenant ?? '', body.group, body.dataId, String(body.content ?? ''));
        return ok('ConfigPublishResponse');
      default:
        return failed('ErrorResponse', ERROR.NO_HANDLER, 'RequestHandler Not Found');
    }
  }

  #instance(body: Body, connection: Connection, ephemeral: boolean): Message {
    const id = idOf(body);
    if (connection.module !== 'naming') return noClient(connection);
    if (body.type === 'deregisterInstance') this.parts.store.withdraw(id, connection.id);
    else this.parts.store.publish(id, connection.id, [toPublished(body.instance ?? {}, ephemeral)]);
    return ok('InstanceResponse', { type: body.type });
  }

  /** Replaces whatever the connection had published for the service. */
  #batch(body: Body, connection: Connection): Message {
    if (connection.module !== 'naming') return noClient(connection);
    const instances = ((body.instances ?? []) as NacosInstance[]).map((each) => toPublished(each, true));
    this.parts.store.publish(idOf(body), connection.id, instances);
    return ok('BatchInstanceResponse', { type: body.type });
  }

  #subscribe(body: Body, connection: Connection): Message {
    const { pusher, store } = this.parts;
    const id = idOf(body);
    const clusters = body.clusters ?? '';
    if (connection.module !== 'naming') return noClient(connection);
    if (body.subscribe === false) pusher.unsubscribe(id, connection);
    else
      pusher.subscribe(id, connection, () =>
        connection.ask('NotifySubscriberRequest', {
          serviceInfo: store.info(id, clusters),
          module: 'naming',
        }),
      );
    return ok('SubscribeServiceResponse', { message: 'success', serviceInfo: store.info(id, clusters) });
  }

  #list({ namespace, groupName, pageNo, pageSize }: Body): Message {
    if (!/^[\w.:-]+$/.test(groupName ?? '')) {
      const message =
        "Param check invalid:Param 'group' is illegal, illegal characters should not appear in the param.";
      return { type: 'ServiceListResponse', headers: {}, body: { ...failure(400, message), count: 0 } };
    }
    const names = this.parts.store.names(namespace, groupName);
    const from = (Math.max(Number(pageNo ?? 1), 1) - 1) * Number(pageSize ?? 10);
    return ok('ServiceListResponse', {
      count: names.length,
      serviceNames: names.slice(from, from + Number(pageSize ?? 10)),
    });
  }

  #fuzzyWatch({ groupKeyPattern, watchType }: Body, connection: Connection): Message {
    const { fuzzy } = this.parts;
    if (watchType === 'CANCEL_WATCH') {
      fuzzy.cancel(connection, groupKeyPattern);
      return ok('NamingFuzzyWatchResponse');
    }
    const code = fuzzy.watch(connection, groupKeyPattern, (type, body) =>
      connection.ask(type, { ...body, module: 'naming' }),
    );
    if (code === 0) return ok('NamingFuzzyWatchResponse');
    return failed('NamingFuzzyWatchResponse', code, 'fuzzy watch limit reached');
  }

  /** Those whose text has another MD5 than the client says; none has ''. */
  #changedConfigs({ configListenContexts }: Body): readonly unknown[] {
    return ((configListenContexts ?? []) as Record<string, string>[])
      .filter(({ dataId = '', group = '', tenant = '', md5 = '' }) => {
        return this.parts.configs.md5(tenant, group, dataId) !== md5;
      })
      .map(({ dataId, group, tenant }) => ({ dataId, group, tenant }));
  }

  #queryConfig({ dataId, group, tenant }: Body): Message {
    const content = this.parts.configs.get(tenant ?? '', group, dataId);
    const fixed = { lastModified: 0, beta: false };
    if (content !== undefined) return ok('ConfigQueryResponse', { content, contentType: 'text', ...fixed });
    const body = { ...failure(ERROR.CONFIG_NOT_FOUND, 'config data not exist'), ...fixed };
    return { type: 'ConfigQueryResponse', headers: {}, body };
  }
}

function idOf({ namespace, groupName, serviceName }: Body): ServiceId {
  return { namespace: namespace ?? '', group: groupName || 'DEFAULT_GROUP', name: serviceName ?? '' };
}

function ok(type: string, fields: Answer = {}): Message {
  return { type, headers: {}, body: { resultCode: SUCCESS, errorCode: 0, ...fields, success: true } };
}

function failure(errorCode: number, message: string, resultCode: number = FAIL): Answer {
  return { resultCode, errorCode, message, success: false };
}

function failed(type: string, errorCode: number, message: string, resultCode?: number): Message {
  return { type, headers: {}, body: failure(errorCode, message, resultCode) };
}

/** 3.x, when the set-up did not say `module: naming`. */
function noClient({ id }: Connection): Message {
  const message = `errCode: -401, errMsg: Client [${id}] connection already disconnect, can't register ephemeral instance. `;
  return failed('ErrorResponse', -401, message, -401);
}
