export { Balancer } from './balancer';
export type { Clock } from './clock';
export { HashTables } from './hash';
export type { Random } from './picker';
