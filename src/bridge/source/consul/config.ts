/** What can be said of a Consul source in `bridge.yaml`. */

import { type Static, Type } from '@sinclair/typebox';
import { tlsSchema } from '../../http';

export const consulSchema = Type.Object(
  {
    type: Type.Literal('consul', { description: 'A Consul catalogue.' }),
    name: Type.String({ minLength: 1, description: 'Name of the source, unique in the configuration.' }),
    servers: Type.Array(Type.String({ pattern: '^https?://' }), {
      minItems: 1,
      description:
        'URLs of agents of one Consul, `http://host:8500`. The first is used until it fails, then the next.',
    }),
    datacenters: Type.Union([Type.Literal('all'), Type.Array(Type.String({ minLength: 1 }))], {
      description: "Datacenters to follow; `all` finds them by itself, an empty list means the agent's own.",
      default: [],
    }),
    token: Type.String({ description: 'ACL token; it needs `service:read` and `node:read`.', default: '' }),
    tokenFile: Type.Optional(
      Type.String({ description: 'File with the token, read again for every request; instead of `token`.' }),
    ),
    tls: Type.Optional(tlsSchema),
    namespace: Type.String({ description: 'Namespace (Consul Enterprise).', default: '' }),
    partition: Type.String({ description: 'Admin partition (Consul Enterprise).', default: '' }),
    exclude: Type.Array(Type.String(), {
      description: "Services that are not followed at all; `consul` is Consul's own servers.",
      default: ['consul'],
    }),
    tags: Type.Array(Type.String({ minLength: 1 }), {
      description: 'Only services that have one of these tags are followed; empty = all.',
      default: [],
    }),
    warning: Type.Boolean({
      description: 'true: instances with a check in state `warning` are healthy, with their weight for it.',
      default: false,
    }),
    stale: Type.Boolean({
      description: 'true: any server of Consul may answer, even one that lags behind the leader.',
      default: false,
    }),
    waitMs: Type.Integer({
      minimum: 1_000,
      maximum: 600_000,
      description:
        'Milliseconds that Consul may hold a question until something changes. A silent network is noticed after this time and `timeoutMs`.',
      default: 60_000,
    }),
    maxConnections: Type.Integer({
      minimum: 4,
      description:
        'Connections to an agent at most. Consul refuses more than 200 of one client (`http_max_conns_per_client`).',
      default: 100,
    }),
    sweepIntervalMs: Type.Integer({
      minimum: 50,
      description:
        'With more services than connections each is no longer waited for; checks and the catalogue are, and every service is read once in so many milliseconds if the catalogue changed.',
      default: 10_000,
    }),
    timeoutMs: Type.Integer({
      minimum: 100,
      description: 'Milliseconds until a complete answer, beyond the time that Consul was asked to wait.',
      default: 10_000,
    }),
  },
  { description: 'A Consul catalogue.', additionalProperties: false },
);
export type ConsulConfig = Static<typeof consulSchema>;
