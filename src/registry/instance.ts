/** What the mesh says of one instance of a service, as lists of registry clients need it. */

import type { Locality } from '../model';

export interface MeshInstance {
  /** `ip:port`. */
  readonly key: string;
  /** No brackets around IPv6. */
  readonly ip: string;
  readonly port: number;
  /** Relative to the others of its list, whose mean is 1. */
  readonly weight: number;
  /** The mesh host it belongs to, and the port by which that is called. */
  readonly host: string;
  readonly servicePort: number;
  readonly locality: Locality;
}

/** Mark of what was made from the mesh, in the metadata of the client's own records; the value is the mesh's id. */
export const ORIGIN = 'inmesh.origin';
/** The mesh host that a record was made from. */
export const ORIGIN_HOST = 'inmesh.host';

export function addressKey(ip: string, port: number): string {
  return `${ip}:${port}`;
}
