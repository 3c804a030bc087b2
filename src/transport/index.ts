export { Connection } from './connection';
export { Dial, type DialListener } from './dial';
export { idleLimit } from './idle';
export { type ConnectionKey, Pools } from './pool';
