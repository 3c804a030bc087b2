import type { ClusterTls } from '../model';
import type { Routed } from './routed';
import type { AttemptTls } from './seam';

/** TLS that begins here, for one request: SNI and the name of the certificate may follow its host. */
export function attemptTls(tls: ClusterTls, { authority, input, host }: Routed): AttemptTls | undefined {
  if (tls.kind !== 'tls') return undefined;
  return { settings: tls, authority: authority ?? input?.authority ?? host };
}
