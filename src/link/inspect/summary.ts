import type { UnsupportedField } from '../../model';
import { decodeCluster } from '../../xds';
import type { MeshState } from '../worker/mesh-state';

/** All that a control plane says to a node, counted. */
export interface MeshSummary {
  readonly clusters: number;
  /** Ports of outbound clusters, ascending, with the virtual hosts of each; null = no HTTP on it. */
  readonly ports: readonly { readonly port: number; readonly virtualHosts: number | null }[];
  /** What of all of it is not done. */
  readonly unsupported: readonly UnsupportedField[];
}

/** Decodes everything: a second for ten thousand services. */
export function summarize(state: MeshState): MeshSummary {
  const unsupported: UnsupportedField[] = [];
  for (const name of state.clusters.names()) {
    const decoded = decodeCluster(state.clusters.get(name)!);
    if (decoded.ok) unsupported.push(...decoded.unsupported);
  }
  const ports = [...state.clusters.ports]
    .sort((a, b) => a - b)
    .map((port) => {
      const table = state.routes.get(port);
      for (const entry of table?.entries.values() ?? []) unsupported.push(...entry.unsupported);
      return { port, virtualHosts: table?.entries.size ?? null };
    });
  return { clusters: state.clusters.size, ports, unsupported };
}
