/** What `dist/http-engine.js` holds: the hook's parts behind its wrappers. */
export { Parking } from './parking';
export { MeshClientRequest } from './request';
