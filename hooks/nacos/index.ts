/**
 * `nacos` and `nacos-naming` 2.x (HTTP and UDP push): lists and subscriptions hold the mesh's instances too. 1.x asks by
 * an interface that servers no longer have.
 *
 * Patched, once `nacos-naming` is loaded: `NacosNamingClient.prototype._init` and `_close`; on the client's reactor
 * `processServiceJSON`, `updateServiceNow`, `getServiceInfoDirectlyFromServer` and `emit`, and `getServiceInfo` while
 * some list waits for its first answer; `queryList` of its proxy. All read paths (getAllInstances, selectInstances,
 * subscribe) end there. What the registry sent is not changed.
 * Off (`INMESH_HOOKS_OFF=nacos`), failed, or another version: lists are the registry's alone.
 */

import type { Hook } from '../hook';
import { registerRegistryLibrary } from '../registry-library';

export const nacosHook: Hook = {
  name: 'nacos',
  library: 'nacos, nacos-naming',
  versions: '>=2.0.0 <3.0.0',
  symbols: [
    'NacosNamingClient.prototype._init',
    'NacosNamingClient.prototype._close',
    'HostReactor.prototype.processServiceJSON',
    'HostReactor.prototype.updateServiceNow',
    'HostReactor.prototype.getServiceInfo',
    'HostReactor.prototype.getServiceInfoDirectlyFromServer',
    'HostReactor.prototype.emit',
    'NameProxy.prototype.queryList',
  ],
  effect:
    'getAllInstances, selectInstances and subscribe see the instances of the mesh too; calls to their addresses follow its routes. Off: the registry’s alone.',
  install(context) {
    registerRegistryLibrary('nacos-naming', nacosHook, context, (clients, exports) =>
      clients.patchNacos(exports, context),
    );
  },
};
