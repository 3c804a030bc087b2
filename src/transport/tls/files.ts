/** The files of a TLS context: read when first needed, looked at again for later connections. */

import { readFile, stat } from 'node:fs/promises';
import type { UpstreamTls } from '../../model';

/** Where the roots of the operating system are, as Istio's agent looks for them. */
const SYSTEM_ROOTS = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

type Part = 'ca' | 'cert' | 'key' | 'crl';

/** What the files hold. `ca` is absent where neither the rule nor the system has a file of roots. */
export type TlsMaterial = Readonly<Partial<Record<Part, string>>>;

/** The words of the DestinationRule. */
const FIELD: Readonly<Record<Part, string>> = {
  ca: 'caCertificates',
  cert: 'clientCertificate',
  key: 'privateKey',
  crl: 'caCrl',
};

/** What a connection needs is not there. The message names the file. */
export class TlsUnavailable extends Error {
  override readonly name = 'TlsUnavailable';
}

export class TlsFiles {
  private readonly named: readonly (readonly [Part, string])[];
  private readonly systemRoots: boolean;
  /** Of all files as they were read last. */
  private signature = '';

  constructor(tls: UpstreamTls) {
    const parts: readonly (readonly [Part, string | undefined])[] = [
      ['ca', tls.insecureSkipVerify ? undefined : tls.caFile],
      ['cert', tls.certFile],
      ['key', tls.keyFile],
      ['crl', tls.crlFile],
    ];
    this.named = parts.filter((part): part is readonly [Part, string] => part[1] !== undefined);
    this.systemRoots = !tls.insecureSkipVerify && tls.caFile === undefined;
  }

  /** What the files hold; undefined when they are as they were. Rejects with TlsUnavailable. */
  async read(): Promise<TlsMaterial | undefined> {
    const paths = [...this.named];
    if (this.systemRoots) {
      const roots = await firstFile(SYSTEM_ROOTS);
      if (roots !== undefined) paths.push(['ca', roots]);
    }
    const signature = (await Promise.all(paths.map(signatureOf))).join('|');
    if (signature === this.signature) return undefined;
    const texts = await Promise.all(paths.map(textOf));
    this.signature = signature;
    return Object.fromEntries(paths.map(([part], at) => [part, texts[at]]));
  }

  /** What was read last cannot be used: it is read again though it may be as it was. */
  forget(): void {
    this.signature = '';
  }
}

async function signatureOf([part, path]: readonly [Part, string]): Promise<string> {
  const { mtimeMs, size, ino } = await stat(path).catch(unreadable(part, path));
  return `${path} ${ino} ${size} ${mtimeMs}`;
}

function textOf([part, path]: readonly [Part, string]): Promise<string> {
  return readFile(path, 'utf8').catch(unreadable(part, path));
}

function unreadable(part: Part, path: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    throw new TlsUnavailable(`${FIELD[part]} ${path} cannot be read (${error.code ?? error.message})`);
  };
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const found = await stat(path).catch(absent);
    if (found?.isFile()) return path;
  }
  return undefined;
}

function absent(): undefined {
  return undefined;
}
