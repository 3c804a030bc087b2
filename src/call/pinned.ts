/** Calls to addresses that registry clients were given (decision 25). */

import { EndpointState } from '../cluster';
import type { Remembered } from '../registry';
import type { HostEntry } from './host-entry';
import type { Upstream } from './upstream';

/** As a client writes it that calls the service by its name. */
export function serviceAuthority({ host, port }: HostEntry): string {
  return port === 80 ? host : `${host}:${port}`;
}

/**
 * Where a call to a remembered address goes first: there, if the route's destination has it. An address that only
 * the registry knows counts as one of the host's whole cluster, which speaks to it in plaintext: null, if the
 * cluster's rule wants TLS, leaves the call to the application.
 */
export function pinOf(
  { key, ip, port, inMesh }: Remembered,
  upstream: Upstream,
  cluster: string,
  entry: HostEntry,
): EndpointState | undefined | null {
  const known = upstream.at(key);
  if (known !== undefined || inMesh || cluster !== `outbound|${entry.port}||${entry.host}`) return known;
  const { tls } = upstream.snapshot.cluster;
  if (tls.kind !== 'none' && tls.kind !== 'auto') return null;
  return new EndpointState(key, { address: ip, port, weight: 1, health: 'UNKNOWN' });
}
