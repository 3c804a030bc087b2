/** What can be said of single services, instances and labels in `bridge.yaml`. */

import { type Static, Type } from '@sinclair/typebox';
import { PROTOCOLS } from './protocol';

export const CIDR = '^[0-9A-Fa-f:.]+(/\\d{1,3})?$';
export const DNS_LABEL = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';
export const strings = (description: string, fallback: string[] = []) =>
  Type.Array(Type.String({ minLength: 1 }), { description, default: fallback });
export const cidrs = (description: string, fallback: string[] = []) =>
  Type.Array(Type.String({ pattern: CIDR }), { description, default: fallback });
export const closed = { additionalProperties: false } as const;

const protocol = Type.Union(
  PROTOCOLS.map((name) => Type.Literal(name)),
  { description: 'A protocol, as in the metadata `protocol`.' },
);

export const portNumbers = (description: string) =>
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
    entryLabels: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'More labels of the ServiceEntry, or others than those of the source.',
      }),
    ),
    entryAnnotations: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'Annotations of the ServiceEntry.' }),
    ),
    external: Type.Optional(Type.Boolean({ description: 'Instead of the `external` of the source.' })),
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
    otherwise: Type.Optional(
      Type.String({ minLength: 1, description: 'Value of the label of instances without the key.' }),
    ),
    overwrite: Type.Boolean({
      description: 'false: an instance that has the label already keeps it.',
      default: true,
    }),
    keep: Type.Boolean({ description: 'true: also keep the label under its own key.', default: false }),
  },
  { ...closed, description: 'A label under another name.' },
);
export type Relabel = Static<typeof relabelSchema>;
