/** Istio's Sidecars of Dubbo applications. */

export { callsOf, hostsOf, type ProvidedInterface } from './calls';
export type { SidecarsConfig } from './config';
export { type SidecarStatus, Sidecars } from './sidecars';
