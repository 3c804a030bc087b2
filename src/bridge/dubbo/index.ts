/** Dubbo's formats and rules, the same in every registry: URLs, applications, revisions, dynamic configuration. */
export * from './application';
export { askTimeoutProperty, consumersProperty } from './config';
export type { DubboLevel, DubboPlace } from './interface-service';
export { withKnownProviders } from './known';
export { askMetadataService } from './metadata-service';
export * from './names';
export { type Provider, providerFromUrl, providerKey, providerOf, providersOfInstance } from './provider';
export * from './resolver';
export {
  type MetadataInfo,
  parseRevision,
  type Revision,
  type RevisionService,
  readRevision,
} from './revision';
export { type Override, parseRule, type Rule } from './rules';
export { sameService } from './same';
export { DubboServices, type ServiceChanges } from './services';
export { combinedStanding, DEFAULT_WEIGHT, type Standing, standingOf } from './standing';
export * from './url';
