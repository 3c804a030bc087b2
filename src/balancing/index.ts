export { Balancer } from './balancer';
export type { Random } from './picker';
