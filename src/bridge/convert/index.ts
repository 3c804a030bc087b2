/** Registry facts to what is served: pure functions of the facts and the configuration. */
export { Assignment } from './assignment';
export { compareClaims, type HostClaim, wishedHost } from './claims';
export * from './config';
export type { Draft } from './draft';
export { emptied, entryOf } from './entry';
export { ConvertConfigError } from './error';
export { anyGlob } from './glob';
export { type BuiltGroup, buildGroup, type GroupPart } from './group';
export { isServable } from './instance';
export { type Group, groupsOf, MANY_INTERFACES } from './level';
export { resourceName } from './names';
export { originOf } from './placement';
export { compileRules, type Rules, type SourceDefinition, type SourceRules } from './rules';
export type { VipRange } from './vip';
