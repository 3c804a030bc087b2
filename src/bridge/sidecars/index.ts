/** Istio's Sidecars of Dubbo applications. */

export { type ApplicationCalls, callsOf, type Hosts, hostsOf, type ProvidedInterface } from './calls';
export { type SidecarsConfig, sidecarsSchema } from './config';
export { type SidecarStatus, Sidecars } from './sidecars';
