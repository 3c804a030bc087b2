/** All that only applications with a registry client need. A file of its own in dist (scripts/build.js). */

export { patchNacos } from './nacos/client';
