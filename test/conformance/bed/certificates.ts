/** The files of the TLS cases: roots, a certificate for the backends, one for the clients. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from '../../support/certificates';

/** What the backends' certificate is for. */
const NAMES = {
  dns: ['*.shop.svc.cluster.local', 'sni.test', 'b*z.wild.test'],
  uris: ['spiffe://cluster.local/ns/shop/sa/backend'],
  addresses: ['240.9.9.9'],
};

/**
 * `$certs` in a case: a folder with `ca.pem`, `other-ca.pem`, `client.pem`, `client-key.pem`, `stranger.pem`, `stranger-key.pem`,
 * `crl.pem`, and `revoked-crl.pem` with the backends' certificate.
 */
export class Certificates {
  readonly folder = mkdtempSync(join(tmpdir(), 'inmesh-certs-'));
  private readonly authority = new Authority();
  private readonly issued = this.authority.issue('backend', NAMES);

  constructor() {
    const other = new Authority();
    this.write('ca.pem', this.authority.root);
    this.write('other-ca.pem', other.root);
    for (const [name, signer] of [
      ['client', this.authority],
      ['stranger', other],
    ] as const) {
      const { cert, key } = signer.issue(name);
      this.write(`${name}.pem`, cert);
      this.write(`${name}-key.pem`, key);
    }
    this.write('crl.pem', this.authority.revoke());
    this.write('revoked-crl.pem', this.authority.revoke(this.issued.cert));
    // Secrets that never come, for Envoy.
    this.write('no-secrets.yaml', Buffer.from('resources: []\n'));
  }

  server(mutual: boolean): ServerOptions {
    const { cert, key } = this.issued;
    return {
      cert,
      key,
      ...(mutual ? { requestCert: true, rejectUnauthorized: true, ca: this.authority.root } : {}),
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private write(name: string, content: Buffer): void {
    writeFileSync(join(this.folder, name), content);
  }
}
