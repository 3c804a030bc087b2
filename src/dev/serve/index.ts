export { Publication } from './publication';
export { type DiscoveryServer, startServer } from './server';
