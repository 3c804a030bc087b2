export { Connection } from './connection';
export { Dial, type DialListener, type Secure } from './dial';
export { idleLimit } from './idle';
export { type ConnectionLimit, LimitedDial, type LimitedDialListener } from './limited-dial';
export { type ConnectionKey, type Pool, Pools } from './pool';
export * from './tls';
