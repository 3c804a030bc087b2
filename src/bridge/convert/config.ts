/** How registry services become mesh services: what can be said of it in `bridge.yaml`, once and for each source. */

import { type Static, Type } from '@sinclair/typebox';
import { PROTOCOLS } from './protocol';
import {
  CIDR,
  cidrs,
  closed,
  DNS_LABEL,
  endpointSelectorSchema,
  portNumbers,
  relabelSchema,
  serviceMatchSchema,
  serviceOverrideSchema,
  strings,
} from './service-config';

export type { EndpointSelector, Relabel, ServiceMatch, ServiceOverride } from './service-config';

const networks = (description: string) =>
  Type.Record(Type.String({ pattern: CIDR }), Type.String(), { description, default: {} });
const TRUSTED = ['host', 'namespace', 'serviceAccount', 'tlsMode', 'network'] as const;

/** The part of a source that says how its services are converted. */
export const convertSourceSchema = Type.Object(
  {
    hostTemplate: Type.String({
      description:
        'Host of a service, from {service}, {group}, {namespace}, {source} and {type}; empty parts vanish. Empty: `{service}.{group}.{namespace}.{type}`. {metadata:KEY} is the value of an instance: those that differ in it are services of their own.',
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
    entryLabelsFrom: strings(
      'Labels of the instances that become labels of the ServiceEntry, where all instances that have them agree.',
    ),
    external: Type.Boolean({
      description: 'true: the services are outside the mesh for Istio (location MESH_EXTERNAL).',
      default: false,
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
      description:
        'Labels of every instance; {service}, {group}, {namespace}, {source} and {cluster} in them are filled in.',
      default: {},
    }),
    locality: Type.String({
      description:
        '`region/zone/subzone` of instances that do not say theirs. Its region is the one of zones without.',
      default: '',
    }),
    localities: Type.Record(
      Type.String({ pattern: CIDR }),
      Type.String({ pattern: '^[^/]+(/[^/]+){0,2}$' }),
      {
        description:
          'Locality by CIDR, of instances that do not say theirs; the narrowest counts, before `locality`.',
        default: {},
      },
    ),
    localityKeys: Type.Object(
      {
        region: strings('Metadata that says the region; the first that is there counts.', ['region']),
        zone: strings('Metadata that says the zone.', ['zone']),
        subzone: strings('Metadata that says the subzone.', ['subzone']),
      },
      { ...closed, description: 'Where instances say their locality.', default: {} },
    ),
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
      Type.Object(
        {
          host: Type.String({
            minLength: 1,
            description:
              "Their common host. With {service} in it, services of one name are one: it is filled with each service's name in lower case.",
          }),
          from: strings(
            'Services, as `source/name` or `source/key`; with {service} in the host `*` stands for any characters. On the same address and port the first source wins.',
          ),
        },
        closed,
      ),
      { description: 'Services of several registries, or groups, that are one service.', default: [] },
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
