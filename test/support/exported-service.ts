/** A service of the mesh that tests of the export publish in a registry, as its ServiceEntry. */

export const EXPORTED_HOST = 'orders.shop.svc.cluster.local';

export function exportedEntry(...addresses: readonly string[]) {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: 'orders', namespace: 'shop' },
    spec: {
      hosts: [EXPORTED_HOST],
      ports: [{ number: 80, name: 'http', protocol: 'HTTP', targetPort: 8080 }],
      resolution: 'STATIC',
      location: 'MESH_INTERNAL',
      endpoints: addresses.map((address) => ({ address })),
    },
  };
}
