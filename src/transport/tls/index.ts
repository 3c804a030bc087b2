export { TlsUnavailable } from './files';
export { UpstreamTlsContexts } from './upstream';
