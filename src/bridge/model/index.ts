/** The types that the bridge's parts share: registry facts, what is served, and the seam between them. */
export * from './registry';
export * from './service-entry';
export * from './source';
