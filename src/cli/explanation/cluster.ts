/** A destination of a call: cluster, the objects behind it, and its endpoints. */

import { explainPriorities, type PriorityExplanation } from '../../balancing/explain';
import { hasPlaintextToMtls, unmanageableReason } from '../../call/explain';
import type { Inspection } from '../../link/inspect';
import type { Cluster, ConfigOrigin, EndpointHealth, UnsupportedField } from '../../model';
import type { ServiceName } from '../../xds';

export interface EndpointExplanation {
  readonly address: string;
  readonly port: number;
  /** The name that was resolved to the address. */
  readonly hostname?: string;
  readonly health: EndpointHealth;
  readonly weight: number;
  readonly priority: number;
  /** `region/zone/subzone`; empty = not said. */
  readonly locality: string;
  /** Of the locality; counts only with locality weighted load balancing. */
  readonly localityWeight: number;
  readonly tlsMode?: string;
  readonly workload?: string;
}

export interface ClusterExplanation {
  readonly name: string;
  /** Parts of `outbound|port|subset|host`. */
  readonly host?: string;
  readonly port?: number;
  readonly subset?: string;
  /** What the control plane says; absent = it has no such cluster. */
  readonly cluster?: Cluster;
  /** The DestinationRule. */
  readonly origin?: ConfigOrigin;
  readonly services: readonly ServiceName[];
  /** Calls go where the application dialled. */
  readonly passesThrough: boolean;
  readonly priorities: readonly PriorityExplanation[];
  readonly endpoints: readonly EndpointExplanation[];
  readonly notApplied: readonly UnsupportedField[];
  readonly notes: readonly string[];
}

export function explainCluster(name: string, inspection: Inspection): ClusterExplanation {
  const [direction, port, subset, host] = name.split('|');
  const parts = direction === 'outbound' && host ? { host, port: Number(port), subset: subset ?? '' } : {};
  const found = inspection.cluster(name);
  if (found === undefined) {
    return {
      name,
      ...parts,
      services: [],
      passesThrough: name === 'PassthroughCluster',
      priorities: [],
      endpoints: [],
      notApplied: [],
      notes: missing(name),
    };
  }
  const { snapshot, services, unsupported } = found;
  const { cluster } = snapshot;
  const passesThrough = cluster.discovery === 'ORIGINAL_DST';
  return {
    name,
    ...parts,
    cluster,
    ...(cluster.origin ? { origin: cluster.origin } : {}),
    services,
    passesThrough,
    priorities: explainPriorities(snapshot),
    endpoints: endpointsOf(snapshot.endpoints.localities),
    notApplied: unsupported,
    notes: passesThrough ? [] : notesOf(found),
  };
}

function missing(name: string): string[] {
  if (name === 'PassthroughCluster') return [];
  return [
    `the control plane has no cluster ${name}: calls to it are answered with 503 NC. Check that the destination's host, port and subset exist (the subset in a DestinationRule that this process may see)`,
  ];
}

function notesOf({ snapshot }: NonNullable<ReturnType<Inspection['cluster']>>): string[] {
  const { cluster, endpoints } = snapshot;
  const all = endpoints.localities.flatMap((locality) => locality.endpoints);
  const notes: string[] = [];
  const unmanageable = unmanageableReason(cluster);
  if (unmanageable !== undefined) notes.push(unmanageable);
  if (all.length === 0) {
    notes.push(
      'it has no endpoints: calls are answered with 503 UH. Check that pods or WorkloadEntries match its selector and labels',
    );
  }
  if (hasPlaintextToMtls(snapshot)) {
    notes.push('its endpoints take mTLS and are called in plaintext, which works while they are PERMISSIVE');
  }
  return notes;
}

type Localities = NonNullable<ReturnType<Inspection['cluster']>>['snapshot']['endpoints']['localities'];

function endpointsOf(localities: Localities): EndpointExplanation[] {
  return localities
    .flatMap(({ locality, weight: localityWeight, priority, endpoints }) =>
      endpoints.map(
        ({ address, port, hostname, health, weight, tlsMode, workload }): EndpointExplanation => ({
          address,
          port,
          health,
          weight,
          priority,
          locality: [locality.region, locality.zone, locality.subZone]
            .filter((part) => part !== '')
            .join('/'),
          localityWeight,
          ...(hostname ? { hostname } : {}),
          ...(tlsMode ? { tlsMode } : {}),
          ...(workload ? { workload } : {}),
        }),
      ),
    )
    .sort((a, b) => a.priority - b.priority);
}
