/** `bridge.yaml`: its schema, its mistakes, its changes. */

export { editorSchema } from './editor-schema';
export { ConfigFile, type ConfigFileEvents } from './file';
export { type LoadedConfig, loadConfig, parseConfig } from './load';
export { type ConfigProblem, formatConfigProblem } from './problem';
export { configReference } from './reference';
export { isLoopback, parseListen } from './rules';
export { type BridgeConfig, publishedSchema, type SourceConfig } from './schema';
