/** What the HTTP registries share: a small client with time-outs and TLS files, a list of servers, secrets, back-off. */
export { type HttpAnswer, HttpClient, type HttpRequest } from './client';
export { HttpFailure, sentenceOf } from './failure';
export { Pause } from './pause';
export { Retry } from './retry';
export { credential, type Secret } from './secret';
export { ServerList } from './server-list';
export { type TlsConfig, tlsSchema } from './tls';
