export { HashBalancer } from './hash-balancer';
export { HashTables } from './tables';
