/**
 * `zookeeper`, the binding of ZooKeeper's C client, and Dubbo's `apache-dubbo-registry` on top of it: the same as for
 * `node-zookeeper-client` (index.ts), for all flavours of its methods, callbacks and promises. The C library opens its
 * sockets itself.
 *
 * Patched, once the package is loaded: `a_get_children` and `aw_get_children`, their forms with 2, `a_get`, `aw_get`,
 * `a_exists` and `aw_exists` of its clients, and of each client that lists such a node the `emit` of the inner object.
 * Off (`INMESH_HOOKS_OFF=zookeeper-native`), failed, or another version: lists are the registry's alone.
 */

import type { Hook } from '../hook';
import { registerRegistryLibrary } from '../registry-library';

export const nativeZookeeperHook: Hook = {
  name: 'zookeeper-native',
  library: 'zookeeper, and apache-dubbo-consumer by it',
  versions: '>=4.5.1 <8.0.0',
  symbols: [
    'ZooKeeper.prototype.a_get_children',
    'ZooKeeper.prototype.aw_get_children',
    'ZooKeeper.prototype.a_get_children2',
    'ZooKeeper.prototype.aw_get_children2',
    'ZooKeeper.prototype.a_get',
    'ZooKeeper.prototype.aw_get',
    'ZooKeeper.prototype.a_exists',
    'ZooKeeper.prototype.aw_exists',
  ],
  effect:
    'As for `zookeeper`, by callbacks and by promises (`get_children`, `w_get_children`, …). Off: the registry’s alone.',
  install(context) {
    registerRegistryLibrary('zookeeper', nativeZookeeperHook, context, (clients, exports) =>
      clients.patchNativeZooKeeper(exports, context),
    );
  },
};
