export type { AddressOwner, Remembered } from './address-book';
export { Addresses } from './addresses';
export { AnswerList } from './answer-list';
export { type HubOptions, RegistryHub, type RegistryRules } from './hub';
export { addressKey, type MeshInstance, ORIGIN, ORIGIN_HOST } from './instance';
export type { Shape } from './merge';
export type { ServiceName, Source } from './names';
export type { RegistryService } from './service';
