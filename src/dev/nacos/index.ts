/** An in-memory registry that speaks Nacos' protocols (v1 HTTP with UDP pushes, gRPC), for tests, demos and laptops. */
export { type DevNacos, type DevNacosOptions, startDevNacos } from './registry';
export { type Published, type ServiceId, toPublished } from './store';
