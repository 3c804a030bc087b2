/** Why a request to a registry failed, as one sentence for the operator. */

export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';

  constructor(
    message: string,
    /** HTTP status; 0 when no answer came. */
    readonly status = 0,
  ) {
    super(message);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name does not exist',
  EAI_AGAIN: 'the host name cannot be resolved now',
  ECONNRESET: 'the connection was closed before the end of the answer',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the network',
  ETIMEDOUT: 'no connection came about in time',
  EPROTO: 'the server does not speak TLS; is the scheme http://?',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; give the CA with tls.caFile',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate chain ends in an unknown root; give the CA with tls.caFile',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an unknown CA; give the CA with tls.caFile',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate is signed by an unknown CA; give the CA with tls.caFile',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name; use that name or set tls.serverName',
};

/** `http://10.0.0.5:8761: nothing listens there (ECONNREFUSED)`. Never shows a password of the URL. */
export function sentenceOf(error: unknown, server: string): string {
  const where = withoutSecret(server);
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof HttpFailure || code === undefined) return `${where}: ${message}`;
  return `${where}: ${REASONS[code] ?? message} (${code})`;
}

/** An URL without user and password. */
function withoutSecret(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}
