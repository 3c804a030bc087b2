/** The services of the mesh that a cluster was made for: `filter_metadata.istio.services`. */

import { fromStruct } from './any';
import { decodeMessage, pb } from './pb';

export interface ServiceName {
  readonly host: string;
  /** The Service's name in Kubernetes, the host of a ServiceEntry. */
  readonly name: string;
  readonly namespace: string;
}

/** From a CDS resource. Read for a person only, so it is no part of the model. Never throws: empty if unreadable. */
export function clusterServices(bytes: Uint8Array): ServiceName[] {
  try {
    const { metadata } = decodeMessage(pb.envoy.config.cluster.v3.Cluster, bytes);
    const { services } = fromStruct(metadata?.filterMetadata?.['istio']);
    if (!Array.isArray(services)) return [];
    return services.flatMap((service) => {
      if (typeof service !== 'object' || service === null || Array.isArray(service)) return [];
      const { host, name, namespace } = service;
      return [{ host: text(host), name: text(name), namespace: text(namespace) }];
    });
  } catch {
    // What cannot be read was refused, and is in the report, already.
    return [];
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
