export * from './cluster';
export * from './feed';
export * from './host-index';
export { NameTable } from './name-table';
export * from './route';
export * from './unsupported';
