/** MCP-over-xDS: what istiod's `configSources: [{address: xds://…}]` connects to. */

export { listenAddress, mcpSchema } from './config';
export { type CertificateEvents, readCertificate, type TlsFiles } from './credentials';
export type { ClientRecord, McpEvents, PushTimes, TypeRecord } from './ledger';
export { joinHostPort, McpServer, type McpServerOptions } from './server';
