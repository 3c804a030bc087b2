/** `inmesh bridge`: registries' services for istiod, by MCP over xDS. */

export * from './config';
export * from './main';
