export * from './cluster';
export * from './feed';
export * from './host-index';
export * from './route';
export * from './unsupported';
