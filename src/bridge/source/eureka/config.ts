/** What can be said of a Eureka source in `bridge.yaml`. */

import { type Static, Type } from '@sinclair/typebox';
import { tlsSchema } from '../../http';

export const eurekaSchema = Type.Object(
  {
    type: Type.Literal('eureka', { description: 'A Eureka registry (v2 REST).' }),
    name: Type.String({ minLength: 1, description: 'Name of the source, unique in the configuration.' }),
    servers: Type.Array(Type.String({ pattern: '^https?://' }), {
      description:
        'Base URLs of servers that hold the same registry, `http://host:8761/eureka`. The first is used until it fails, then the next.',
      default: [],
    }),
    zones: Type.Record(Type.String(), Type.Array(Type.String({ pattern: '^https?://' })), {
      description: 'More base URLs, by zone. Those of `zone` come first, all others are for fail-over.',
      default: {},
    }),
    zone: Type.String({ description: 'Zone of `zones` whose servers are preferred.', default: '' }),
    regions: Type.Array(Type.String({ minLength: 1 }), {
      description: 'Remote regions whose instances the servers shall add to their answers.',
      default: [],
    }),
    username: Type.String({ description: 'User of HTTP basic authentication.', default: '' }),
    password: Type.String({ description: 'Its password.', default: '' }),
    passwordFile: Type.Optional(
      Type.String({
        description: 'File with the password, read again for every request; instead of `password`.',
      }),
    ),
    tls: Type.Optional(tlsSchema),
    address: Type.Union([Type.Literal('ip'), Type.Literal('hostname')], {
      description: 'Which address of an instance is used: its `ipAddr` or its `hostName`.',
      default: 'ip',
    }),
    pollIntervalMs: Type.Integer({
      minimum: 50,
      maximum: 600_000,
      description: 'Milliseconds between two questions, ±10 % at random. Eureka cannot push.',
      default: 5_000,
    }),
    delta: Type.Boolean({
      description: 'Ask for changes only, verified by their hash. false: the whole registry each time.',
      default: true,
    }),
    fullIntervalMs: Type.Integer({
      minimum: 0,
      description:
        'Milliseconds after which the whole registry is read in spite of `delta`, because its hash covers statuses only; 0 = never.',
      default: 300_000,
    }),
    settleMs: Type.Integer({
      minimum: 0,
      maximum: 600_000,
      description:
        'Milliseconds for which instances that were known before an outage stay although the server does not list them: a restarted Eureka knows only those that have registered again, which takes a renewal interval (30 s).',
      default: 30_000,
    }),
    timeoutMs: Type.Integer({
      minimum: 100,
      description: 'Milliseconds until a complete answer.',
      default: 10_000,
    }),
  },
  { description: 'A Eureka registry.', additionalProperties: false },
);
export type EurekaConfig = Static<typeof eurekaSchema>;

/** Base URLs without a trailing slash, in the order of use. Throws when there is none. */
export function serversOf({ servers, zones, zone }: EurekaConfig): string[] {
  const others = Object.keys(zones).filter((each) => each !== zone);
  const ordered = [...(zones[zone] ?? []), ...servers, ...others.flatMap((each) => zones[each]!)];
  const bases = [...new Set(ordered.map((url) => url.replace(/\/+$/, '')))];
  if (bases.length === 0) throw new Error('a Eureka source needs `servers` or `zones`');
  return bases;
}
