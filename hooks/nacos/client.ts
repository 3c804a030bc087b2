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

const lists = new WeakMap<object, ClientLists>();
const patched = new WeakSet<object>();

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
      const own = new ClientLists(hub, context, reactor, this.options?.namespace);
      lists.set(reactor, own);
      lists.set(this._serverProxy, own);
      patchReactor(Object.getPrototypeOf(reactor), context);
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
  const { processServiceJSON, getServiceInfo, emit, _serviceInfoMap } = reactor;
  return (
    [processServiceJSON, getServiceInfo, emit].some((each) => typeof each !== 'function') ||
    !(_serviceInfoMap instanceof Map)
  );
}

function patchReactor(prototype: Methods<Reactor>, context: HookContext): void {
  if (patched.has(prototype)) return;
  patched.add(prototype);
  const { processServiceJSON, getServiceInfo, getServiceInfoDirectlyFromServer, emit } = prototype;

  replace(prototype, 'processServiceJSON', function (this: Reactor, json: string) {
    const own = lists.get(this);
    if (own === undefined || !context.enabled()) return Reflect.apply(processServiceJSON, this, arguments);
    const answer = own.whileComparing(
      () => Reflect.apply(processServiceJSON, this, arguments) as ServiceInfo,
    );
    safely(context, () => own.processed(json, answer));
    return answer;
  } as Method);

  // What every list call goes through: where all lists are settled nothing is looked up that the client does not.
  const original = getServiceInfo as Reactor['getServiceInfo'];
  replace(prototype, 'getServiceInfo', function (this: Reactor, service: string, clusters?: string) {
    const own = lists.get(this);
    const { size } = this._serviceInfoMap;
    const answer = original.call(this, service, clusters);
    if (own === undefined || (own.allSettled && this._serviceInfoMap.size === size) || !context.enabled())
      return answer;
    const asked = clusters ?? 'DEFAULT';
    return own.isFirst(service, asked) ? own.first(service, asked, answer) : answer;
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
