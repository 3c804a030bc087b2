/** An MCP resource as one of Istio's objects, in the form of its YAML. */

import { decodeMessage, pb } from '../../xds';

const { Resource } = pb.istio.mcp.v1alpha1;
const { ServiceEntry, WorkloadEntry } = pb.istio.networking.v1alpha3;

type PbServiceEntry = pb.istio.networking.v1alpha3.ServiceEntry.$Properties;
type PbWorkloadEntry = pb.istio.networking.v1alpha3.WorkloadEntry.$Properties;

/** Kinds whose bodies are read. */
export const READ_KINDS: ReadonlySet<string> = new Set(['ServiceEntry', 'WorkloadEntry']);

export interface McpResource {
  /** `namespace/name` */
  readonly name: string;
  /** '' = always new. */
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly created: number;
  readonly object: unknown;
}

/** Throws a sentence when the bytes are no resource of that kind. */
export function readResource(kind: string, bytes: Uint8Array): McpResource {
  const { metadata, body } = decodeMessage(Resource, bytes);
  const full = metadata?.name ?? '';
  const [namespace = '', name = '', ...more] = full.split('/');
  if (namespace === '' || name === '' || more.length > 0) {
    throw new Error(`the resource name "${full}" is not namespace/name`);
  }
  const value = body?.value;
  if (!value) throw new Error(`the resource ${full} has no body`);
  return {
    name: full,
    version: metadata?.version ?? '',
    created: Number(metadata?.createTime?.seconds ?? 0) * 1000,
    object: {
      apiVersion: 'networking.istio.io/v1',
      kind,
      metadata: { name, namespace, labels: metadata?.labels ?? {}, annotations: metadata?.annotations ?? {} },
      spec:
        kind === 'ServiceEntry'
          ? serviceEntry(decodeMessage(ServiceEntry, value))
          : workloadEntry(decodeMessage(WorkloadEntry, value)),
    },
  };
}

/** Protobuf's zero values are what is not there. */
function serviceEntry(entry: PbServiceEntry): unknown {
  return {
    hosts: entry.hosts ?? [],
    ...(entry.addresses?.length && { addresses: entry.addresses }),
    ports: (entry.ports ?? []).map(({ number, protocol, name, targetPort }) => ({
      number,
      name,
      ...(protocol && { protocol }),
      ...(targetPort && { targetPort }),
    })),
    location: ServiceEntry.Location[entry.location ?? 0],
    resolution: ServiceEntry.Resolution[entry.resolution ?? 0],
    ...(entry.endpoints?.length && { endpoints: entry.endpoints.map(workloadEntry) }),
    ...(entry.exportTo?.length && { exportTo: entry.exportTo }),
    ...(entry.subjectAltNames?.length && { subjectAltNames: entry.subjectAltNames }),
    ...(entry.workloadSelector && { workloadSelector: { labels: entry.workloadSelector.labels ?? {} } }),
  };
}

function workloadEntry(entry: PbWorkloadEntry): unknown {
  const { address, ports, labels, network, locality, weight, serviceAccount } = entry;
  return {
    ...(address && { address }),
    ...(ports && { ports }),
    ...(labels && { labels }),
    ...(network && { network }),
    ...(locality && { locality }),
    ...(weight && { weight }),
    ...(serviceAccount && { serviceAccount }),
  };
}
