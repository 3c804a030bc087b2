export { Connection } from './connection';
export { Dial, type DialListener, type Secure } from './dial';
export { idleLimit } from './idle';
export { type ConnectionKey, type Pool, Pools } from './pool';
export { type ConnectionLimit, PooledDial, type PooledDialListener } from './pooled-dial';
export * from './tls';
