/** All that only applications with a registry client need. A file of its own in dist (scripts/build.js). */

export { patchConsul } from './consul/client';
export { patchEureka } from './eureka/client';
export { patchNacos } from './nacos/client';
export { patchZooKeeper } from './zookeeper/client';
export { patchNativeZooKeeper } from './zookeeper/native-client';
