/** The bridge's memory: what the registries said last, what of it counts, what is served. */
export { Catalogue, type CatalogueOptions, type CatalogueSource } from './catalogue';
export { type Clock, systemClock } from './clock';
export * from './config';
export type { CatalogueState } from './persistence';
export type { ServiceReport, SourceReport } from './report';
