/** What can be said of a ZooKeeper source in `bridge.yaml`. */

import { type Static, Type } from '@sinclair/typebox';
import { askTimeoutProperty, consumersProperty } from '../../dubbo';

const PATH = '^(/[^/]+)+$';

const dubboSchema = Type.Object(
  {
    enabled: Type.Boolean({ description: "Read Dubbo's services, of both levels.", default: true }),
    root: Type.String({
      pattern: PATH,
      description: 'Node of the interface level, the `group` of a Dubbo registry address.',
      default: '/dubbo',
    }),
    metadataRoot: Type.Optional(
      Type.String({
        pattern: PATH,
        description: 'Node of the metadata centre. Absent: `metadata` below `root`.',
      }),
    ),
    rulesRoot: Type.String({
      pattern: PATH,
      description:
        "Node of the configuration centre's rules. Those that every consumer applies to weight or disabled are followed.",
      default: '/dubbo/config/dubbo',
    }),
    consumers: consumersProperty,
    askProviders: Type.Boolean({
      description:
        "Ask a provider's own MetadataService (tri or dubbo protocol) for the services of a revision that is in no metadata centre (metadata-type local, Dubbo's default).",
      default: true,
    }),
    askTimeoutMs: askTimeoutProperty,
  },
  { description: 'Dubbo in this ZooKeeper.', additionalProperties: false, default: {} },
);

export const zookeeperSchema = Type.Object(
  {
    type: Type.Literal('zookeeper', { description: 'A ZooKeeper with services of Dubbo or Spring Cloud.' }),
    name: Type.String({ minLength: 1, description: 'Name of the source, unique in the configuration.' }),
    servers: Type.Array(Type.String({ pattern: '^(\\[[^\\]]+\\]|[^:/\\s]+)(:\\d{1,5})?$' }), {
      minItems: 1,
      description:
        '`host:port` of the servers of one ensemble; any of them is used. The port is 2181 if absent.',
    }),
    chroot: Type.String({
      pattern: '^(/[^/]+)*$',
      description: 'Node below which everything is, as after the servers in a connection string.',
      default: '',
    }),
    username: Type.String({ description: 'User of digest authentication.', default: '' }),
    password: Type.String({ description: 'Its password.', default: '' }),
    passwordFile: Type.Optional(
      Type.String({
        description: 'File with the password, read again for every connection; instead of `password`.',
      }),
    ),
    sessionTimeoutMs: Type.Integer({
      minimum: 1_000,
      maximum: 600_000,
      description:
        'Milliseconds of silence after which a server counts as lost; asked for as the session time, which the server may alter.',
      default: 30_000,
    }),
    connectTimeoutMs: Type.Integer({
      minimum: 100,
      maximum: 120_000,
      description: 'Milliseconds until a connection to a server has come about.',
      default: 5_000,
    }),
    concurrency: Type.Integer({
      minimum: 1,
      maximum: 900,
      description: 'Requests under way at once. A server answers at most 1,000 of all its clients at a time.',
      default: 200,
    }),
    removalDelayMs: Type.Integer({
      minimum: 0,
      maximum: 60_000,
      description:
        'Milliseconds for which an instance must be gone before it is reported so: a provider that changes registers anew, which deletes its node for a moment.',
      default: 200,
    }),
    reconnectRemovalDelayMs: Type.Integer({
      minimum: 0,
      maximum: 600_000,
      description: 'The same in the 30 s after a reconnect, when every provider registers anew.',
      default: 3_000,
    }),
    services: Type.Object(
      {
        enabled: Type.Boolean({
          description: "Read Curator's service discovery: Dubbo's application level and Spring Cloud.",
          default: true,
        }),
        root: Type.String({
          pattern: PATH,
          description: 'Its node; `spring.cloud.zookeeper.discovery.root` of Spring Cloud.',
          default: '/services',
        }),
      },
      { description: 'Services below one node for each.', additionalProperties: false, default: {} },
    ),
    dubbo: dubboSchema,
  },
  { description: 'A ZooKeeper with services of Dubbo or Spring Cloud.', additionalProperties: false },
);
export type ZooKeeperConfig = Static<typeof zookeeperSchema>;

/** What the schema cannot say, a sentence each. */
export function zookeeperMistakes(config: ZooKeeperConfig): string[] {
  const mistakes: string[] = [];
  const { username, password, passwordFile, services, dubbo } = config;
  if (password !== '' && passwordFile !== undefined)
    mistakes.push('has both `password` and `passwordFile`; use one of them');
  if (username === '' && (password !== '' || passwordFile !== undefined))
    mistakes.push('has a password but no `username`');
  if (username !== '' && password === '' && passwordFile === undefined)
    mistakes.push('has a `username` but neither `password` nor `passwordFile`');
  if (username.includes(':'))
    mistakes.push('has a colon in `username`, which digest authentication cannot say');
  if (!services.enabled && !dubbo.enabled)
    mistakes.push('reads nothing: enable `services` or `dubbo`, or remove the source');
  return mistakes;
}

/** `host:port` as its parts; the port is ZooKeeper's own, 2181, if absent. */
export function parseServer(server: string): { readonly host: string; readonly port: number } {
  const [, host = '', port] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(server) ?? [];
  return { host: host.replace(/^\[|\]$/g, ''), port: port === undefined ? 2181 : Number(port) };
}
