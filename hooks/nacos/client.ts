/**
 * All that a client's reactor learns goes through `processServiceJSON`, and all that applications read is `hosts` of a
 * ServiceInfo: a getter there gives the merged list, and the registry's own while the reactor compares.
 */

import type { HookContext } from '../hook';
import { replace } from '../http/wrap';
import { hubFor } from '../registry-hub';
import { safely } from '../safely';
import { ClientLists } from './lists';
import type { NacosClient, Reactor, ServerProxy, ServiceInfo } from './shapes';
import { WrappedWhile } from './wrapped-while';

const lists = new WeakMap<object, ClientLists>();
const patched = new WeakSet<object>();
type LookUp = WrappedWhile<'getServiceInfo'>;
/** By the reactor's prototype, once that is patched. */
const lookUps = new WeakMap<object, LookUp>();

type Method = (this: never, ...args: never[]) => unknown;
type Methods<T> = T & Record<string, Method>;
interface Lifecycle {
  _init: Method;
  _close: Method;
}

export function patchNacos(exports: unknown, context: HookContext): void {
  const hub = hubFor(context);
  if (hub === undefined) return;
  const { NacosNamingClient } = exports as {
    NacosNamingClient: { prototype: Methods<NacosClient & Lifecycle> };
  };
  const { prototype } = NacosNamingClient;
  const { _init: init, _close: close } = prototype;
  replace(prototype, '_init', function _init(this: NacosClient) {
    safely(context, () => {
      const reactor = this._hostReactor;
      if (unknownShape(reactor)) throw new Error('the client has no reactor of a known shape');
      const lookUp = patchReactor(Object.getPrototypeOf(reactor), context);
      const own = new ClientLists(hub, context, reactor, this.options?.namespace, (who, isNeeded) =>
        lookUp.need(who, isNeeded),
      );
      lists.set(reactor, own);
      lists.set(this._serverProxy, own);
      patchProxy(Object.getPrototypeOf(this._serverProxy));
      own.adoptAll();
    });
    return Reflect.apply(init, this, arguments);
  } as Method);
  replace(prototype, '_close', function _close(this: NacosClient) {
    safely(context, () => lists.get(this._hostReactor)?.close());
    return Reflect.apply(close, this, arguments);
  } as Method);
}

function unknownShape(reactor: Reactor): boolean {
  const { processServiceJSON, getServiceInfo, updateServiceNow, emit, _serviceInfoMap } = reactor;
  return (
    [processServiceJSON, getServiceInfo, updateServiceNow, emit].some((each) => typeof each !== 'function') ||
    !(_serviceInfoMap instanceof Map)
  );
}

/** Gives what every list call goes through. */
function patchReactor(prototype: Methods<Reactor>, context: HookContext): LookUp {
  const known = lookUps.get(prototype);
  if (known !== undefined) return known;
  const { processServiceJSON, updateServiceNow, getServiceInfoDirectlyFromServer, emit } = prototype;

  replace(prototype, 'processServiceJSON', function (this: Reactor, json: string) {
    const own = lists.get(this);
    if (own === undefined || !context.enabled()) return Reflect.apply(processServiceJSON, this, arguments);
    const answer = own.whileComparing(
      () => Reflect.apply(processServiceJSON, this, arguments) as ServiceInfo,
    );
    safely(context, () => own.processed(json, answer));
    return answer;
  } as Method);

  // Needed while a list waits for the mesh, or who asks for which matters.
  const wrapLookUp = (getServiceInfo: Method) =>
    function (this: Reactor, service: string, clusters = 'DEFAULT') {
      const answer = Reflect.apply(getServiceInfo, this, arguments) as Promise<ServiceInfo>;
      const own = lists.get(this);
      if (own === undefined || !context.enabled() || !own.isFirst(service, clusters)) return answer;
      return own.first(service, clusters, answer);
    } as Method;
  const lookUp = new WrappedWhile(prototype, 'getServiceInfo', wrapLookUp);
  lookUps.set(prototype, lookUp);

  // Where a list that is asked for the first time begins.
  replace(prototype, 'updateServiceNow', function (this: Reactor, service: string, clusters: string) {
    const updated = Reflect.apply(updateServiceNow, this, arguments) as Promise<void>;
    const own = lists.get(this);
    if (own === undefined || !context.enabled() || !own.isFirst(service, clusters)) return updated;
    return own.updated(service, clusters, updated);
  } as Method);

  if (typeof getServiceInfoDirectlyFromServer === 'function') {
    replace(prototype, 'getServiceInfoDirectlyFromServer', function (
      this: Reactor,
      service: string,
      clusters = 'DEFAULT',
    ) {
      const own = lists.get(this);
      const answer = Reflect.apply(
        getServiceInfoDirectlyFromServer,
        this,
        arguments,
      ) as Promise<ServiceInfo | null>;
      return own === undefined || !context.enabled() ? answer : own.direct(service, clusters, answer);
    } as Method);
  }

  // Subscribers get what the list is at that moment, not what the registry sent.
  replace(prototype, 'emit', function (this: Reactor, event: unknown, hosts: unknown, info: unknown) {
    const own = typeof event === 'string' && event.endsWith('_changed') ? lists.get(this) : undefined;
    if (own === undefined || !context.enabled() || typeof info !== 'object' || info === null)
      return Reflect.apply(emit, this, arguments);
    return own.whileTelling(info as ServiceInfo, (merged) =>
      Reflect.apply(emit, this, [event, merged ?? hosts, info]),
    );
  } as Method);
  return lookUp;
}

/** Whether the registry can be asked at all. */
function patchProxy(prototype: Methods<ServerProxy>): void {
  if (patched.has(prototype)) return;
  patched.add(prototype);
  const { queryList } = prototype;
  replace(prototype, 'queryList', function (this: ServerProxy, service: string, clusters: string) {
    const answer = Reflect.apply(queryList, this, arguments) as Promise<unknown>;
    const own = lists.get(this);
    // Beside the client's own handling, which gets the same promise.
    if (own !== undefined) answer.then(undefined, () => own.failed(service, clusters));
    return answer;
  } as Method);
}
