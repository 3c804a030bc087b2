/** The seam between what knows the mesh and what publishes it. */

export interface ExportedEndpoint {
  readonly address: string;
  readonly port: number;
  /** ≥ 1. */
  readonly weight: number;
  /** The mesh expects mTLS of whoever calls it. */
  readonly isSecured: boolean;
}

export interface HostPort {
  readonly host: string;
  /** Service port. */
  readonly port: number;
}

/** `key` is that of the request, `endpoints` all usable ones. */
export type EndpointsListener = (wanted: HostPort, endpoints: readonly ExportedEndpoint[]) => void;

/** Endpoints of some hosts of the mesh, followed. Never throws; keeps silent while it knows nothing new. */
export interface ExportedHosts {
  start(listener: EndpointsListener): void;
  stop(): Promise<void>;
}
