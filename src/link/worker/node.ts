import type { Identity } from '../../config';
import type { DiscoveryNode } from '../../xds';

/** `PROXY_CONFIG` and friends are what istioctl and istiod's own tools look at. */
const OWN_METADATA = {
  PROXY_CONFIG: {},
  // Tunnel endpoints of ambient mode are not for us.
  DISABLE_HBONE_SEND: 'true',
};

/** istiod treats a node without a version as the newest; a real one keeps its gates stable. */
const ISTIO_VERSION = '1.29.6';

type Json = NonNullable<DiscoveryNode['metadata']>[string];

/** The domain that short names belong to. */
export function nodeDomain(identity: Identity): string {
  return `${identity.podNamespace}.svc.cluster.local`;
}

/**
 * This process as an ordinary sidecar node: `sidecar~<ip>~<pod>.<namespace>~<namespace>.svc.cluster.local`, metadata
 * as Istio's own agent sends it (istio: pkg/model/proxy.go).
 */
export function makeNode(identity: Identity, nodeName: string): DiscoveryNode {
  const { podNamespace, instanceIp, serviceAccount, labels, locality, meta } = identity;
  const metadata: Record<string, Json> = {
    ISTIO_VERSION,
    CLUSTER_ID: 'Kubernetes',
    MESH_ID: identity.trustDomain,
    ...meta,
    ...OWN_METADATA,
    NAME: nodeName,
    NAMESPACE: podNamespace,
    INSTANCE_IPS: instanceIp,
    LABELS: { ...labels },
  };
  if (serviceAccount !== '') metadata['SERVICE_ACCOUNT'] = serviceAccount;
  // With a generator istiod sends a reduced configuration: this is a sidecar node, whatever the environment says.
  delete metadata['GENERATOR'];
  return {
    id: `sidecar~${instanceIp}~${nodeName}.${podNamespace}~${nodeDomain(identity)}`,
    cluster: `${labels['app'] ?? nodeName}.${podNamespace}`,
    metadata,
    locality,
    userAgentName: 'inmesh',
  };
}
