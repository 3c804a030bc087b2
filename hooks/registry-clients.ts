/** All that only applications with a registry client need. A file of its own in dist (scripts/build.js). */

export { patchConsul } from './consul/client';
export { patchNacos } from './nacos/client';
