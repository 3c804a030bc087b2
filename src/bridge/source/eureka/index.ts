/** The Eureka source: polls full answers and deltas. */
export { type EurekaConfig, eurekaSchema } from './config';
export { createEurekaSource } from './source';
