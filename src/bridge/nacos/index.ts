/** A client of Nacos' gRPC protocol: one connection per namespace, kept; requests, pushes, who we are. */
export { type Auth, createAuth, type Resource } from './auth';
export { connectionMistakes, connectionProperties, type NacosConnectionConfig } from './config';
export { type ConnectionEvents, NacosConnection } from './connection';
export { NacosFailure } from './failure';
export { type NacosServer, NacosServers, parseServer } from './servers';
export type { Session } from './session';
