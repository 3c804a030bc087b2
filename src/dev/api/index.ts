export * from './common';
export * from './destination-rule';
export * from './service-entry';
export * from './sidecar';
export * from './virtual-service';
