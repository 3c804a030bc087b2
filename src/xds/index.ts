/**
 * xDS resources to the model, and the discovery protocol. Decoders never throw: they give a value together with
 * what in it is not done, or the reasons for a NACK.
 */

export { type AnyValue, fromStruct, type Json, packAny, toStruct } from './any';
export { decodeCluster } from './cluster';
export type { Decoded } from './decoded';
export * from './discovery';
export { decodeLoadAssignment } from './load-assignment';
export { type NotApplied, notAppliedEffect } from './not-applied';
export { decodeMessage, pb } from './pb';
export {
  type ClosedVirtualHost,
  type OpenRouteConfiguration,
  openRouteConfiguration,
  virtualHostDomains,
} from './route-configuration';
export { clusterServices, type ServiceName } from './services';
export { EXTENSION_TYPE, TYPE_URL } from './type-urls';
export { decodeVirtualHost } from './virtual-host';
