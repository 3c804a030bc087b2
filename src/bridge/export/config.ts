/** The reverse direction in `bridge.yaml`: which mesh hosts appear in Nacos, and how. Default: none. */

import { type Static, Type } from '@sinclair/typebox';
import { DEFAULT_GROUP, PUBLIC_NAMESPACE } from '../../nacos';
import { connectionMistakes, connectionProperties } from '../nacos';

const exportedHost = Type.Object(
  {
    host: Type.String({
      minLength: 1,
      description: 'Host of the mesh, in full: `orders.shop.svc.cluster.local`.',
    }),
    port: Type.Integer({ minimum: 1, maximum: 65_535, description: 'Its service port.', default: 80 }),
    as: Type.String({ minLength: 1, description: 'Name of the service in Nacos.' }),
    group: Type.String({ minLength: 1, description: 'Its group in Nacos.', default: DEFAULT_GROUP }),
    metadata: Type.Record(Type.String(), Type.String(), {
      description: 'Metadata of every instance, such as `protocol: http`.',
      default: {},
    }),
    permissive: Type.Boolean({
      description:
        'true: endpoints with a sidecar take plaintext too (PeerAuthentication PERMISSIVE), so they may be published. Otherwise they are left out: nobody could call them.',
      default: false,
    }),
  },
  { additionalProperties: false },
);

export const exportSchema = Type.Object(
  {
    hosts: Type.Array(exportedHost, {
      description: 'The hosts that are published; nothing else is.',
      default: [],
    }),
    meshId: Type.String({
      minLength: 1,
      description:
        'Value of the metadata `inmesh.origin` of what is published. No bridge ever forwards an instance that has it.',
      default: 'mesh',
    }),
    address: Type.Union([Type.Literal('endpoint'), Type.Literal('gateway')], {
      description: 'What is published for a host with endpoints: these, or the addresses of `gateways`.',
      default: 'endpoint',
    }),
    gateways: Type.Array(Type.String({ pattern: '^.+:\\d{1,5}$' }), {
      description: '`address:port` of the gateways, for `address: gateway`.',
      default: [],
    }),
    xds: Type.String({
      pattern: '^grpcs?://',
      description:
        'istiod, for the endpoints: `grpcs://istiod.istio-system.svc:15012`, or `grpc://` in plaintext.',
      default: 'grpcs://istiod.istio-system.svc:15012',
    }),
    xdsCaFile: Type.Optional(Type.String({ description: "PEM file of the root of istiod's certificate." })),
    xdsServerName: Type.Optional(
      Type.String({ description: "Name in istiod's certificate; default: the host of `xds`." }),
    ),
    tokenFile: Type.Optional(
      Type.String({ description: 'File with the service account token, read again for every stream.' }),
    ),
    podName: Type.String({ description: 'Name of this pod towards istiod.', default: 'inmesh-bridge' }),
    podNamespace: Type.String({
      description: 'Namespace of this pod: what istiod shows to it depends on that.',
      default: 'istio-system',
    }),
    nacos: Type.Object(
      {
        ...connectionProperties,
        namespace: Type.String({
          description: 'Id of the namespace to publish in.',
          default: PUBLIC_NAMESPACE,
        }),
      },
      {
        description: 'The Nacos to publish in; a connection of its own, also where it is a source too.',
        additionalProperties: false,
        default: {},
      },
    ),
  },
  { description: 'Publishes allow-listed mesh hosts in Nacos.', additionalProperties: false },
);
export type ExportConfig = Static<typeof exportSchema>;
export type ExportedHostConfig = Static<typeof exportedHost>;

/** What is wrong in it beyond the schema, as sentences that name the keys. */
export function exportMistakes(config: ExportConfig): string[] {
  if (config.hosts.length === 0) return [];
  const mistakes = connectionMistakes(config.nacos).map((mistake) => `nacos: ${mistake}`);
  if (config.address === 'gateway' && config.gateways.length === 0)
    mistakes.push('`address: gateway` needs `gateways`');
  const taken = new Set<string>();
  for (const { group, as } of config.hosts) {
    const name = `${group}@@${as}`;
    if (taken.has(name))
      mistakes.push(`two of \`hosts\` are published as ${name}; a service is published once`);
    taken.add(name);
  }
  return mistakes;
}
