/** The Consul source: blocking queries for the catalogue and for each service's health. */
export { type ConsulConfig, consulSchema } from './config';
export { createConsulSource } from './source';
