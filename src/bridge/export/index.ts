/** The reverse direction: allow-listed mesh hosts, published in Nacos as long as the bridge lives. */
export { type ExportConfig, exportMistakes, exportSchema } from './config';
export { createExporter, type ExportContext, type Exporter, type ExportStatus } from './exporter';
export type { EndpointsListener, ExportedEndpoint, ExportedHosts, HostPort } from './hosts';
export { ORIGIN } from './origin';
