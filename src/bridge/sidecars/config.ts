/** What can be said of generated Sidecars in `bridge.yaml`. Default: none. */

import { type Static, Type } from '@sinclair/typebox';

const workloads = Type.Object(
  {
    namespace: Type.String({
      pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
      description: 'Namespace of the workloads, in which their Sidecars are.',
    }),
    applications: Type.Array(Type.String({ minLength: 1 }), {
      description: 'Dubbo applications that get a Sidecar; `*` stands for any characters.',
      default: ['*'],
    }),
    label: Type.String({
      minLength: 1,
      description: "Label of the workloads that holds the application's name.",
      default: 'app',
    }),
    hosts: Type.Array(Type.String({ pattern: '^[^/\\s]+/[^/\\s]+$' }), {
      description:
        'What they call besides, as `namespace/host`, such as `inmesh-registry/*.default-group.public.nacos`. `./*` and `istio-system/*` are always there.',
      default: [],
    }),
  },
  { additionalProperties: false },
);

export const sidecarsSchema = Type.Object(
  {
    workloads: Type.Array(workloads, {
      description:
        'Workloads of which the consumers in the registries say what they call. Empty: no Sidecars.',
      default: [],
    }),
    keepMs: Type.Integer({
      minimum: 0,
      maximum: 31_536_000_000,
      description: 'Milliseconds for which what an application no longer consumes stays in its Sidecar.',
      default: 86_400_000,
    }),
  },
  {
    additionalProperties: false,
    description:
      "Istio's Sidecars of Dubbo applications, of what they consume: their proxies are told of nothing else.",
    default: {},
  },
);
export type SidecarsConfig = Static<typeof sidecarsSchema>;
export type WorkloadsConfig = Static<typeof workloads>;
