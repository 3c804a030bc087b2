/** What can be said of a Nacos source in `bridge.yaml`. */

import { type Static, Type } from '@sinclair/typebox';
import { DEFAULT_GROUP, PUBLIC_NAMESPACE } from '../../../nacos';
import { askTimeoutProperty, consumersProperty } from '../../dubbo';
import { connectionMistakes, connectionProperties } from '../../nacos';

const dubboSchema = Type.Object(
  {
    consumers: consumersProperty,
    askProviders: Type.Boolean({
      description:
        "Ask a provider's own MetadataService for the services of its revision, where Nacos' configuration does not have it (metadata-type local).",
      default: true,
    }),
    askTimeoutMs: askTimeoutProperty,
  },
  { description: 'Dubbo services registered in Nacos.', additionalProperties: false, default: {} },
);

export const nacosSchema = Type.Object(
  {
    type: Type.Literal('nacos', { description: 'A Nacos registry, 2.x or 3.x.' }),
    name: Type.String({ minLength: 1, description: 'Name of the source, unique in the configuration.' }),
    ...connectionProperties,
    namespaces: Type.Union([Type.Array(Type.String(), { minItems: 1 }), Type.Literal('all')], {
      description: `Ids of the namespaces to read, or \`all\` that Nacos lists (needs \`adminUrl\`). \`${PUBLIC_NAMESPACE}\` is the default one.`,
      default: [PUBLIC_NAMESPACE],
    }),
    groups: Type.Union([Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }), Type.Literal('all')], {
      description: 'Groups to read in each namespace, or `all` (needs `adminUrl`).',
      default: [DEFAULT_GROUP],
    }),
    adminUrl: Type.Optional(
      Type.String({
        pattern: '^https?://',
        description:
          'Base URL of the admin API with its path, `http://nacos:8848/nacos`; asked with the same user. Only for `namespaces: all` and `groups: all`.',
      }),
    ),
    fuzzyWatch: Type.Boolean({
      description:
        'Let a 3.x server tell new services at once. The listing stays the truth. Without it a new service is seen at the next listing.',
      default: true,
    }),
    listIntervalMs: Type.Integer({
      minimum: 100,
      maximum: 3_600_000,
      description: 'Milliseconds between two listings of all service names.',
      default: 3_000,
    }),
    subscribeConcurrency: Type.Integer({
      minimum: 1,
      maximum: 1_000,
      description: 'Subscriptions under way at once, so that a server is not flooded after a reconnect.',
      default: 64,
    }),
    settleMs: Type.Integer({
      minimum: 0,
      maximum: 600_000,
      description:
        'Milliseconds for which instances that were known before a reconnect stay although the server does not list them: a restarted Nacos knows only those that have registered again.',
      default: 15_000,
    }),
    pushEmptyProtection: Type.Boolean({
      description:
        "Ignore a push without any usable instance, as Nacos' clients can (`namingPushEmptyProtection`); the former instances stay until the service is no longer listed.",
      default: false,
    }),
    httpFallback: Type.Boolean({
      description:
        'Poll by HTTP, at `listIntervalMs`, as long as the gRPC port cannot be reached but HTTP answers.',
      default: true,
    }),
    dubbo: dubboSchema,
  },
  { description: 'A Nacos registry.', additionalProperties: false },
);
export type NacosConfig = Static<typeof nacosSchema>;

/** What is wrong in it beyond the schema, as sentences that name the keys. */
export function nacosMistakes(config: NacosConfig): string[] {
  const mistakes = connectionMistakes(config);
  for (const key of ['namespaces', 'groups'] as const) {
    if (config[key] !== 'all' || config.adminUrl !== undefined) continue;
    mistakes.push(
      `\`${key}: all\` needs \`adminUrl\` (and \`username\` and \`password\` if Nacos asks for them)`,
    );
  }
  return mistakes;
}
