/** What is hooked. The order is the order of installation. */

import { consulHook } from './consul';
import { eurekaHook } from './eureka';
import { expressHook } from './express';
import type { Hook } from './hook';
import { httpHook } from './http';
import { nacosHook } from './nacos';
import { unmanagedHook } from './unmanaged';
import { nativeZookeeperHook, zookeeperHook } from './zookeeper';

export { currentRoute } from './express';
export type { Hook, HookContext } from './hook';

export const hooks: readonly Hook[] = [
  httpHook,
  expressHook,
  nacosHook,
  eurekaHook,
  consulHook,
  zookeeperHook,
  nativeZookeeperHook,
  unmanagedHook,
];
