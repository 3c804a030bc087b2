/**
 * `consul` 0.10 to 2.x: `health.service` and `catalog.service.nodes` hold the mesh's instances too, and watches of
 * them fire when the mesh changes.
 *
 * Patched, once `consul` is loaded: `Consul.prototype._get`, through which every question goes; callbacks, promises,
 * and `[response, data]` come out of the same middleware. The body of the response is not changed.
 * Off (`INMESH_HOOKS_OFF=consul`), failed, or another version: lists are the registry's alone.
 */

import type { Hook } from '../hook';
import { registerRegistryLibrary } from '../registry-library';

export const consulHook: Hook = {
  name: 'consul',
  library: 'consul',
  versions: '>=0.10.0 <3.0.0',
  symbols: ['Consul.prototype._get'],
  effect:
    'health.service, catalog.service.nodes and their watches see the instances of the mesh too; calls to their addresses follow its routes. Off: the registry’s alone.',
  install(context) {
    registerRegistryLibrary('consul', consulHook, context, (clients, exports) =>
      clients.patchConsul(exports, context),
    );
  },
};
