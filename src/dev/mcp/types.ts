/** What istiod asks an MCP server for: all of `collections.Pilot`, by bare type URLs. */

import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { DiscoveryNode } from '../../xds';

/** In istiod's order. A server is asked for all of them, for it may have to serve an istiod as well. */
export const MCP_TYPES: readonly string[] = [
  'core/v1alpha1/MeshConfig',
  'security.istio.io/v1/AuthorizationPolicy',
  'networking.istio.io/v1/DestinationRule',
  'networking.istio.io/v1alpha3/EnvoyFilter',
  'networking.istio.io/v1/Gateway',
  'security.istio.io/v1/PeerAuthentication',
  'networking.istio.io/v1beta1/ProxyConfig',
  'security.istio.io/v1/RequestAuthentication',
  'networking.istio.io/v1/ServiceEntry',
  'networking.istio.io/v1/Sidecar',
  'telemetry.istio.io/v1/Telemetry',
  'extensions.istio.io/v1alpha1/TrafficExtension',
  'networking.istio.io/v1/VirtualService',
  'extensions.istio.io/v1alpha1/WasmPlugin',
  'networking.istio.io/v1/WorkloadEntry',
  'networking.istio.io/v1/WorkloadGroup',
];

/** `networking.istio.io/v1/ServiceEntry` → `ServiceEntry` */
export function kindOf(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
}

/** As istiod's, so that servers which look at it treat both alike. */
export function mcpNode(): DiscoveryNode {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const ip = addresses.find(({ internal, address }) => !internal && isIP(address) === 4)?.address;
  return {
    id: `sidecar~${ip ?? '127.0.0.1'}~inmesh-dev-${process.pid}.istio-system~istio-system.svc.cluster.local`,
    metadata: { GENERATOR: 'api', ISTIO_REVISION: 'default', ISTIO_VERSION: '65536.65536.65536' },
  };
}
