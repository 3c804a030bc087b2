/** The Nacos source: follows namespaces by Nacos' gRPC protocol and reports whole services. */
export { type NacosConfig, nacosMistakes, nacosSchema } from './config';
export { createNacosSource, type NacosSource } from './source';
