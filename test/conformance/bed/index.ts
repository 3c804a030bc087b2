/** The harness: cases go through a real Envoy and through inmesh, both fed by one real istiod. */
export type { Case, CaseGroup } from './case';
export { differences } from './compare';
export { inShort } from './facts';
export { TOLERATED } from './tolerated';
export { World } from './world';
