/**
 * `eureka-js-client` and its fork `@rocketsoftware/eureka-js-client`, 4.x: instances of an application or a VIP address
 * hold the mesh's too, and `registryUpdated` fires when the mesh changes what was read.
 *
 * Patched, once a package is loaded: `Eureka.prototype.getInstancesByAppId` and `getInstancesByVipAddress`, and to know
 * when the registry has answered `transformRegistry`, `handleDelta` and `fetchRegistry`. `client.cache` is not changed.
 * Off (`INMESH_HOOKS_OFF=eureka`), failed, or another version: lists are the registry's alone.
 */

import type { Hook } from '../hook';
import { registerRegistryLibrary } from '../registry-library';

const PACKAGES = ['eureka-js-client', '@rocketsoftware/eureka-js-client'];

export const eurekaHook: Hook = {
  name: 'eureka',
  library: PACKAGES.join(', '),
  versions: '>=4.1.1 <5.0.0',
  symbols: [
    'Eureka.prototype.getInstancesByAppId',
    'Eureka.prototype.getInstancesByVipAddress',
    'Eureka.prototype.transformRegistry',
    'Eureka.prototype.handleDelta',
    'Eureka.prototype.fetchRegistry',
  ],
  effect:
    'getInstancesByAppId and getInstancesByVipAddress see the instances of the mesh too, registryUpdated its changes; calls to their addresses follow its routes. Off: the registry’s alone.',
  install(context) {
    for (const each of PACKAGES) {
      registerRegistryLibrary(each, eurekaHook, context, (clients, exports) =>
        clients.patchEureka(exports, context),
      );
    }
  },
};
