/** Everything that a new sidecar learns of a mesh, in the terms in which the two ways are compared. */

import { decodeLoadAssignment, decodeMessage, pb } from '../../../../src/xds';
import { fetchNames } from '../../../support/registries/sidecar';
import { fetchAll, sidecarNode } from '../../../support/xds-client';
import type { Mesh } from './worlds';

export interface SeenEndpoint {
  readonly cluster: string;
  readonly host: string;
  readonly servicePort: number;
  /** `ip:port` */
  readonly address: string;
  readonly weight: number;
  readonly tlsMode: string | undefined;
}

export interface View {
  readonly endpoints: readonly SeenEndpoint[];
  /** Domains of HTTP routes that lead to a cluster which exists. */
  readonly routed: ReadonlySet<string>;
  /** Hosts that DNS in the sidecar knows. */
  readonly names: ReadonlySet<string>;
}

export async function viewOf({ istiod, naming }: Mesh): Promise<View> {
  const [{ clusters, assignments, routes }, { table }] = await Promise.all([
    fetchAll(istiod.xdsAddress, sidecarNode(), [naming.port]),
    fetchNames(istiod.xdsAddress, naming.port),
  ]);
  const endpoints = [...assignments].flatMap(([cluster, bytes]) => endpointsOf(cluster, bytes));
  const routed = new Set(
    [...routes.values()].flatMap((bytes) => domainsOf(bytes, (name) => clusters.has(name))),
  );
  return { endpoints, routed, names: new Set(table.keys()) };
}

function endpointsOf(cluster: string, bytes: Uint8Array): SeenEndpoint[] {
  const decoded = decodeLoadAssignment(bytes);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded));
  const [, servicePort, , host] = cluster.split('|');
  return decoded.value.localities
    .flatMap((locality) => locality.endpoints)
    .map(({ address, port, weight, tlsMode }) => ({
      ...{ cluster, host: host ?? '', servicePort: Number(servicePort) },
      ...{ address: `${address}:${port}`, weight, tlsMode },
    }));
}

function domainsOf(bytes: Uint8Array, exists: (cluster: string) => boolean): string[] {
  const { virtualHosts } = decodeMessage(pb.envoy.config.route.v3.RouteConfiguration, bytes);
  return virtualHosts
    .filter(({ routes }) => (routes ?? []).some(({ route }) => exists(route?.cluster ?? '')))
    .flatMap(({ domains }) => domains ?? []);
}
