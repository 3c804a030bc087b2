/** Lists are read synchronously from a cache: they are merged when read, once per change of either side. */

import type { HookContext } from '../hook';
import { replace } from '../http/wrap';
import { hubFor } from '../registry-hub';
import { safely } from '../safely';
import { ClientLists } from './lists';
import type { EurekaClient, EurekaRecord } from './shapes';

type Method = (this: never, ...args: never[]) => unknown;
type Prototype = Record<
  'getInstancesByAppId' | 'getInstancesByVipAddress' | 'transformRegistry' | 'handleDelta' | 'fetchRegistry',
  Method
>;
type Done = (error?: unknown, ...rest: unknown[]) => unknown;

export function patchEureka(exports: unknown, context: HookContext): void {
  const hub = hubFor(context);
  if (hub === undefined) return;
  const { prototype } = (exports as { Eureka: { prototype: Prototype } }).Eureka;
  const clients = new WeakMap<EurekaClient, ClientLists>();
  const listsOf = (client: EurekaClient): ClientLists => {
    let lists = clients.get(client);
    if (lists === undefined) {
      lists = new ClientLists(hub, context, client);
      clients.set(client, lists);
    }
    return lists;
  };

  for (const [name, kind] of [
    ['getInstancesByAppId', 'app'],
    ['getInstancesByVipAddress', 'vip'],
  ] as const) {
    const original = prototype[name];
    replace(prototype, name, function (this: EurekaClient, wanted: unknown) {
      const ours = context.enabled() && typeof wanted === 'string' && wanted !== '';
      const known = ours ? clients.get(this)?.known(kind, wanted) : undefined;
      if (known !== undefined) return known;
      const records = Reflect.apply(original, this, arguments) as readonly EurekaRecord[];
      if (!ours || !Array.isArray(records)) return records;
      return safely(context, () => listsOf(this).read(kind, wanted, records)) ?? records;
    } as Method);
  }

  for (const name of ['transformRegistry', 'handleDelta'] as const) {
    const original = prototype[name];
    // Deltas came with 4.3.
    if (typeof original !== 'function') continue;
    replace(prototype, name, function (this: EurekaClient, first: unknown, second: unknown) {
      const result = Reflect.apply(original, this, arguments);
      safely(context, () =>
        listsOf(this).updated(name === 'handleDelta' ? { delta: second } : { full: first }),
      );
      return result;
    } as Method);
  }

  const { fetchRegistry } = prototype;
  replace(prototype, 'fetchRegistry', function (this: EurekaClient, done?: Done) {
    const told: Done = (error, ...rest) => {
      if (error) safely(context, () => listsOf(this).failed());
      return done?.(error, ...rest);
    };
    return Reflect.apply(fetchRegistry, this, [told]);
  } as Method);
}
