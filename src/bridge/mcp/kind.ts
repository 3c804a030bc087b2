/** The type URLs of MCP: bare `group/version/Kind`, of which only the kind counts. */

export const SERVICE_ENTRY = 'ServiceEntry';
export const SIDECAR = 'Sidecar';

/**
 * istiod asks `networking.istio.io/v1/ServiceEntry` from 1.24 on and `…/v1alpha3/…` before; both mean the same
 * resource, so group and version are not looked at.
 */
export function kindOf(typeUrl: string): string {
  return typeUrl.slice(Math.max(typeUrl.lastIndexOf('/'), typeUrl.lastIndexOf('.')) + 1);
}
