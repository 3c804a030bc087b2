/** How registry services become mesh services: what can be said of it in `bridge.yaml`, once and for each source. */

import { type Static, Type } from '@sinclair/typebox';
import { PROTOCOLS } from './protocol';

const CIDR = '^[0-9A-Fa-f:.]+(/\\d{1,3})?$';
const DNS_LABEL = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';
const strings = (description: string, fallback: string[] = []) =>
  Type.Array(Type.String({ minLength: 1 }), { description, default: fallback });
const cidrs = (description: string, fallback: string[] = []) =>
  Type.Array(Type.String({ pattern: CIDR }), { description, default: fallback });
const networks = (description: string) =>
  Type.Record(Type.String({ pattern: CIDR }), Type.String(), { description, default: {} });
const closed = { additionalProperties: false } as const;

const protocol = Type.Union(
  PROTOCOLS.map((name) => Type.Literal(name)),
  { description: 'A protocol, as in the metadata `protocol`.' },
);

const portNumbers = (description: string) =>
  Type.Partial(
    Type.Object(
      Object.fromEntries(
        PROTOCOLS.map((name) => [
          name,
          Type.Integer({ minimum: 1, maximum: 65_535, description: `Service port of ${name}.` }),
        ]),
      ),
    ),
    { ...closed, description, default: {} },
  );

const fieldsToMatch = {
  namespace: Type.Optional(
    Type.String({ description: 'Namespace in the registry; `*` stands for any characters.' }),
  ),
  group: Type.Optional(Type.String({ description: 'Group in the registry; `*` stands for any characters.' })),
  service: Type.Optional(
    Type.String({ description: "The service's name (a Dubbo interface's); `*` stands for any characters." }),
  ),
};

export const serviceMatchSchema = Type.Object(fieldsToMatch, {
  ...closed,
  description: 'Services of which all the given parts match.',
});
export type ServiceMatch = Static<typeof serviceMatchSchema>;

export const serviceOverrideSchema = Type.Object(
  {
    match: serviceMatchSchema,
    host: Type.Optional(Type.String({ description: 'Host instead of the one by template.' })),
    aliases: Type.Optional(strings('More hosts of the same service, each with a VIP of its own.')),
    exportTo: Type.Optional(strings('Instead of the `exportTo` of the source.')),
    resourceNamespace: Type.Optional(
      Type.String({ pattern: DNS_LABEL, description: 'Instead of the `resourceNamespace` of the source.' }),
    ),
    protocol: Type.Optional(protocol),
    ports: Type.Optional(portNumbers('Service ports, by protocol, instead of the usual ones.')),
    instancePorts: Type.Optional(
      Type.Boolean({ description: 'Instead of the `instancePorts` of the source.' }),
    ),
    abnormal: Type.Optional(strings('Instances that are not served: `10.0.0.5`, `10.0.0.5:8080` or a CIDR.')),
  },
  {
    ...closed,
    description:
      'What is different for some services. Of several that match, the first to say a thing counts.',
  },
);
export type ServiceOverride = Static<typeof serviceOverrideSchema>;

export const endpointSelectorSchema = Type.Object(
  {
    ...fieldsToMatch,
    labels: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'Metadata that an instance must have; `*` stands for any characters.',
      }),
    ),
    cidrs: Type.Optional(cidrs('Addresses, or ranges, one of which must hold the instance.')),
    exclude: Type.Boolean({ description: 'true: matching instances are left out.', default: false }),
  },
  {
    ...closed,
    description:
      'Which instances are served. A service with selectors that include serves what one of them matches; excluding ones win.',
  },
);
export type EndpointSelector = Static<typeof endpointSelectorSchema>;

export const relabelSchema = Type.Object(
  {
    from: Type.String({ minLength: 1, description: 'Key in the metadata.' }),
    to: Type.String({ minLength: 1, description: 'Key of the label.' }),
    values: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'Values to replace; others stay.',
      }),
    ),
    keep: Type.Boolean({ description: 'true: also keep the label under its own key.', default: false }),
  },
  { ...closed, description: 'A label under another name.' },
);
export type Relabel = Static<typeof relabelSchema>;

export const TRUSTED = ['host', 'namespace', 'serviceAccount', 'tlsMode', 'network'] as const;

/** The part of a source that says how its services are converted. */
export const convertSourceSchema = Type.Object(
  {
    hostTemplate: Type.String({
      description:
        'Host of a service, from {service}, {group}, {namespace}, {source} and {type}; empty parts vanish. Empty: `{service}.{group}.{namespace}.{type}`.',
      default: '',
    }),
    caseCompat: Type.Union([Type.Literal('none'), Type.Literal('nacos-istio')], {
      description:
        '`nacos-istio` keeps upper case in hosts, as the built-in of Nacos does. istiod then has no route for them by HTTP.',
      default: 'none',
    }),
    allowClusterDomain: strings(
      'Hosts under the cluster domain that this source may take; `*` stands for any characters.',
    ),
    resourceNamespace: Type.String({
      pattern: DNS_LABEL,
      description:
        'Namespace of the ServiceEntries; one without workloads, so that no workload sees them as its own.',
      default: 'inmesh-registry',
    }),
    resourceNamespaces: Type.Record(Type.String(), Type.String({ pattern: DNS_LABEL }), {
      description: 'Another namespace, by namespace in the registry.',
      default: {},
    }),
    exportTo: strings('Namespaces that see the services; `*` is all.', ['*']),
    entryLabels: Type.Record(Type.String(), Type.String(), {
      description: 'Labels of the ServiceEntries, such as `istio.io/rev`.',
      default: {},
    }),
    include: Type.Array(serviceMatchSchema, { description: 'Services to serve. Empty: all.', default: [] }),
    exclude: Type.Array(serviceMatchSchema, { description: 'Services not to serve.', default: [] }),
    overrides: Type.Array(serviceOverrideSchema, {
      description: 'What is different for some services.',
      default: [],
    }),
    endpointSelectors: Type.Array(endpointSelectorSchema, {
      description: 'Which instances are served.',
      default: [],
    }),
    trustMetadata: Type.Array(Type.Union(TRUSTED.map((name) => Type.Literal(name))), {
      description:
        'What an instance may say of itself by metadata: `inmesh.host`, `inmesh.namespace`, `inmesh.serviceAccount`, `inmesh.tlsMode`, `inmesh.network` (and the keys of nacos-istio, Aeraki and Istio for them). Whoever can register can say it.',
      default: [],
    }),
    keepLabels: strings('Metadata that becomes labels, by key; `*` stands for any characters.', ['*']),
    dropLabels: strings(
      'Metadata that does not, by key. By default what frameworks register for themselves.',
      [
        ...['preserved.*', 'IPv6', 'management.*', 'startup.time', 'dubbo.metadata*', 'dubbo.protocols.*'],
        ...['dubbo.endpoints', 'secure', 'gRPC_port', 'gRPC.port', '__micro.service.*'],
      ],
    ),
    relabel: Type.Array(relabelSchema, { description: 'Labels under other names.', default: [] }),
    setLabels: Type.Record(Type.String(), Type.String(), {
      description: 'Labels of every instance.',
      default: {},
    }),
    locality: Type.String({
      description:
        '`region/zone/subzone` of instances that do not say theirs. Its region is the one of zones without.',
      default: '',
    }),
    clusterAsZone: Type.Boolean({
      description: "Take the registry's cluster (Nacos) or datacenter (Consul) as zone.",
      default: false,
    }),
    network: Type.String({
      description: "Istio's network of the instances, when no CIDR names another.",
      default: '',
    }),
    networks: networks('Network by CIDR; the narrowest counts, before those of `convert`.'),
    meshCidrs: cidrs('Addresses of pods, beside those of `convert`.'),
    inMesh: Type.Optional(
      Type.Union([Type.Literal('exclude'), Type.Literal('mtls'), Type.Literal('plaintext')], {
        description:
          'Instances that are pods of the mesh themselves (`meshCidrs`, or metadata `inmesh.sidecar`). Unset: mTLS to those with `inmesh.sidecar=true`, plaintext to others.',
      }),
    ),
    defaultProtocol: Type.Union(
      PROTOCOLS.map((name) => Type.Literal(name)),
      {
        description: 'Protocol of instances that do not say theirs. Dubbo services speak dubbo.',
        default: 'http',
      },
    ),
    ports: portNumbers('Service ports, by protocol, instead of the usual ones.'),
    instancePorts: Type.Boolean({
      description:
        "Also serve the instances' own ports, at most 8, each on every instance, as nacos-istio's users expect.",
      default: false,
    }),
    dubbo: Type.Object(
      {
        hosts: Type.Union(
          ['auto', 'application', 'interface', 'both'].map((name) => Type.Literal(name as DubboHosts)),
          {
            description:
              'A host for each application, interface, or both. `auto`: both, up to 5,000 interfaces; then applications.',
            default: 'auto',
          },
        ),
        interfaceTemplate: Type.String({
          description:
            'From {interface}, {dubboGroup}, {version}, {group}, {namespace}, {source}; empty parts and the default namespace and group vanish.',
          default: '{interface}.{dubboGroup}.{version}.{group}.{namespace}.dubbo',
        }),
        applicationTemplate: Type.String({
          description: 'From {application}, {group}, {namespace}, {source}.',
          default: '{application}.{group}.{namespace}.dubbo',
        }),
      },
      { ...closed, description: 'Hosts of Dubbo services.', default: {} },
    ),
  },
  { ...closed, description: "How a source's services become mesh services." },
);
export type DubboHosts = 'auto' | 'application' | 'interface' | 'both';
export type ConvertSourceConfig = Static<typeof convertSourceSchema>;

const from = strings(
  'Services, as `source/name` or `source/key`. On the same address and port the first wins.',
);

/** The part that is said once. */
export const convertSchema = Type.Object(
  {
    clusterDomain: Type.String({
      description: 'Hosts under it are not for registries.',
      default: 'cluster.local',
    }),
    vipCidr: Type.String({
      pattern: '^\\d+\\.\\d+\\.\\d+\\.\\d+/\\d+$',
      description: 'Virtual IPs are taken from it, by hash of the host.',
      default: '240.0.0.0/4',
    }),
    vipExclude: cidrs("Not from these. 240.240.0.0/16 is where istiod's own come from.", [
      '240.240.0.0/16',
      '255.0.0.0/8',
    ]),
    meshCidrs: cidrs('Addresses of pods of the mesh, for `inMesh`.'),
    networks: networks('Network by CIDR; the narrowest counts.'),
    merge: Type.Array(
      Type.Object({ host: Type.String({ minLength: 1, description: 'Their common host.' }), from }, closed),
      { description: 'Services of several registries that are one service.', default: [] },
    ),
    joinKubernetes: Type.Array(
      Type.Object(
        {
          host: Type.String({ minLength: 1, description: 'Host of an existing Kubernetes Service.' }),
          namespace: Type.String({ pattern: DNS_LABEL, description: 'Its namespace.' }),
          portNames: Type.Partial(
            Type.Object(
              Object.fromEntries(
                PROTOCOLS.map((name) => [
                  name,
                  Type.String({ description: `Name of the port for ${name}.` }),
                ]),
              ),
            ),
            {
              ...closed,
              description: "Protocol → name of the Service's port; istiod joins endpoints by it.",
            },
          ),
          from,
        },
        closed,
      ),
      {
        description: 'Services whose instances stand behind a Kubernetes Service, for migrations.',
        default: [],
      },
    ),
  },
  { ...closed, description: 'What conversion needs to know once.', default: {} },
);
export type ConvertConfig = Static<typeof convertSchema>;
