/** The control plane as a client of MCP servers, such as the bridge: their ServiceEntries stand beside the folder's. */
export { mcpAddressOf, mcpServerOf } from './client';
export { McpSources } from './sources';
