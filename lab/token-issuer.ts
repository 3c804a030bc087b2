import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const KEY_ID = 'lab';

/** Signs service account tokens as a Kubernetes API server would, and serves the keys to check them by. */
export class TokenIssuer {
  readonly issuer = 'https://lab.inmesh.test';
  readonly audience = 'istio-ca';
  private readonly keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  private server: Server | undefined;

  /** Starts the key server; gives the value of istiod's `JWT_RULE`. */
  async start(): Promise<string> {
    const jwk = { ...this.keys.publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'RS256', use: 'sig' };
    const body = JSON.stringify({ keys: [jwk] });
    this.server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json').end(body);
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.server.unref();
    const { port } = this.server.address() as AddressInfo;
    return JSON.stringify({
      issuer: this.issuer,
      jwks_uri: `http://127.0.0.1:${port}/keys`,
      audiences: [this.audience],
    });
  }

  /** A token of `system:serviceaccount:<namespace>:<name>`; `seconds` until it expires. */
  token(namespace: string, serviceAccount: string, seconds = 3600): string {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: this.issuer,
      aud: [this.audience],
      sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
      iat: now,
      exp: now + seconds,
    };
    const signed = `${base64({ alg: 'RS256', typ: 'JWT', kid: KEY_ID })}.${base64(claims)}`;
    const key = createPrivateKey(this.keys.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`;
  }

  stop(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }
}

function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
