/**
 * `node-zookeeper-client`, and Dubbo's `dubbo2.js` and `apache-dubbo-js` on top of it: the children of
 * `/dubbo/<interface>/providers` and of `/services/<name>` (Spring Cloud) hold the mesh's instances too, `getData` and
 * `exists` answer for those, and children watchers fire when the mesh changes. `create` and `remove` are left alone, as
 * is every other path.
 *
 * Patched, once the package is loaded: `createClient`, to reach `getChildren`, `getData`, `exists` and `close` of its
 * clients. Off (`INMESH_HOOKS_OFF=zookeeper`), failed, or another version: lists are the registry's alone.
 */

import type { Hook } from '../hook';
import { registerRegistryLibrary } from '../registry-library';

export { nativeZookeeperHook } from './native';

export const zookeeperHook: Hook = {
  name: 'zookeeper',
  library: 'node-zookeeper-client, and dubbo2.js and apache-dubbo-js by it',
  versions: '>=0.1.1 <2.0.0',
  symbols: [
    'createClient',
    'Client.prototype.getChildren',
    'Client.prototype.getData',
    'Client.prototype.exists',
    'Client.prototype.close',
  ],
  effect:
    'Dubbo providers (`/dubbo/*/providers`, for Dubbo’s clients too) and Spring Cloud services (`/services/*`) see the instances of the mesh too; calls to their addresses by HTTP follow its routes. Off: the registry’s alone.',
  install(context) {
    registerRegistryLibrary('node-zookeeper-client', zookeeperHook, context, (clients, exports) =>
      clients.patchZooKeeper(exports, context),
    );
  },
};
