/** What a cluster asks of its connections that cannot be done yet: such hosts are not managed, and it is said why. */

import type { Cluster, ClusterSnapshot } from '../model';
import type { Scheme } from './seam';

/** Why calls to this cluster must be left to the application; undefined = they can be managed. */
export function unmanageableReason(cluster: Cluster, scheme: Scheme = 'http'): string | undefined {
  if (cluster.tls.kind === 'istio-mutual') {
    return `${ruleOf(cluster)} asks for ISTIO_MUTUAL, and the process has no mesh identity yet`;
  }
  if (cluster.tls.kind === 'tls' && scheme === 'https') {
    return `${ruleOf(cluster)} asks for TLS around the TLS that the application begins itself`;
  }
  if (cluster.pool.http2) return `cluster ${cluster.name} speaks HTTP/2 only, which is not done yet`;
  return undefined;
}

function ruleOf({ origin, name }: Cluster): string {
  return origin === undefined
    ? `the DestinationRule of cluster ${name}`
    : `${origin.kind} ${origin.namespace}/${origin.name}`;
}

/** Endpoints that could take mTLS are called in plaintext. */
export function hasPlaintextToMtls({ cluster, endpoints }: ClusterSnapshot): boolean {
  return (
    cluster.tls.kind === 'auto' &&
    endpoints.localities.some((locality) => locality.endpoints.some(({ tlsMode }) => tlsMode === 'istio'))
  );
}
