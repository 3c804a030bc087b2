/** Certificates for tests, made on the spot (X.509 by hand: Node signs, but writes no certificates). */

import { createSign, generateKeyPairSync, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TestCertificates {
  readonly rootFile: string;
  readonly root: Buffer;
  /** As grpc-js' and Node's servers want it. */
  readonly server: { readonly private_key: Buffer; readonly cert_chain: Buffer };
}

/** Names that a certificate is for. */
export interface Names {
  readonly dns?: readonly string[];
  readonly uris?: readonly string[];
  /** IPv4. */
  readonly addresses?: readonly string[];
}

/** PEM of a certificate and its key. */
export interface Issued {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** A root of its own, and the certificates under it. */
export class Authority {
  /** PEM. */
  readonly root: Buffer;
  private readonly name = `inmesh test root ${randomBytes(4).toString('hex')}`;
  private readonly keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  constructor() {
    const isCa = extension('551d13', true, sequence(der(0x01, Buffer.from([0xff]))));
    this.root = certificate(this.name, this.name, this.keys.publicKey, this.keys.privateKey, [isCa]);
  }

  /** PEM of the list of certificates that are revoked: those given. */
  revoke(...certificates: readonly Buffer[]): Buffer {
    const now = Date.now();
    const revoked = certificates.map((cert) => {
      const serial = Buffer.from(new X509Certificate(cert).serialNumber, 'hex');
      return sequence(der(0x02, serial), time(now - DAY_MS));
    });
    const body = sequence(
      ...[der(0x02, Buffer.from([1])), ECDSA_SHA256, name(this.name)],
      ...[time(now - DAY_MS), time(now + DAY_MS)],
      ...(revoked.length === 0 ? [] : [sequence(...revoked)]),
    );
    return signed('X509 CRL', body, this.keys.privateKey);
  }

  /** A certificate with `common` as its common name. */
  issue(common: string, { dns = [], uris = [], addresses = [] }: Names = {}): Issued {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const names = [
      ...dns.map((name) => der(0x82, Buffer.from(name))),
      ...uris.map((uri) => der(0x86, Buffer.from(uri))),
      ...addresses.map((address) => der(0x87, Buffer.from(address.split('.').map(Number)))),
    ];
    const more = names.length === 0 ? [] : [extension('551d11', false, sequence(...names))];
    return {
      cert: certificate(this.name, common, publicKey, this.keys.privateKey, more),
      key: Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    };
  }
}

/** A new root and a server certificate for `dnsName` under it. The root is written into `folder`. */
export function makeCertificates(folder: string, dnsName: string): TestCertificates {
  const authority = new Authority();
  const { cert, key } = authority.issue(dnsName, { dns: [dnsName] });
  const rootFile = join(folder, `root-${randomBytes(4).toString('hex')}.pem`);
  writeFileSync(rootFile, authority.root);
  return { rootFile, root: authority.root, server: { private_key: key, cert_chain: cert } };
}

const ECDSA_SHA256 = sequence(der(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
const DAY_MS = 86_400_000;

function certificate(
  issuer: string,
  subject: string,
  key: KeyObject,
  signer: KeyObject,
  more: readonly Buffer[],
): Buffer {
  const now = Date.now();
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_SHA256,
    name(issuer),
    sequence(time(now - DAY_MS), time(now + DAY_MS)),
    name(subject),
    key.export({ type: 'spki', format: 'der' }),
    ...(more.length === 0 ? [] : [der(0xa3, sequence(...more))]),
  );
  return signed('CERTIFICATE', body, signer);
}

/** PEM. */
function signed(what: string, body: Buffer, signer: KeyObject): Buffer {
  const signature = createSign('sha256').update(body).sign(signer);
  const all = sequence(body, ECDSA_SHA256, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = all.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return Buffer.from(`-----BEGIN ${what}-----\n${lines}\n-----END ${what}-----\n`);
}

function extension(oid: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : [];
  return sequence(der(0x06, Buffer.from(oid, 'hex')), ...flag, der(0x04, value));
}

/** A distinguished name with a common name only. */
function name(common: string): Buffer {
  return sequence(
    der(0x31, sequence(der(0x06, Buffer.from('550403', 'hex')), der(0x0c, Buffer.from(common)))),
  );
}

/** UTCTime. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`));
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
