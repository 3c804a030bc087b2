/** TLS of the MCP port: certificate and key from files that may be replaced while the process runs. */

import { X509Certificate } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';

export interface TlsFiles {
  /** PEM, the chain. */
  readonly certFile: string;
  /** PEM. */
  readonly keyFile: string;
}

export interface CertificateEvents {
  /** New connections are given this certificate. */
  replaced(subject: string, validTo: string): void;
  /** The files cannot be used; the certificate from before stays. */
  unusable(reason: string): void;
}

/** Polled: a Secret changes by swapping symbolic links, which file events miss. */
const POLL_MS = 2_000;

/** Throws an Error with one sentence when the files cannot be used. */
export function readCertificate({ certFile, keyFile }: TlsFiles): SecureContextOptions {
  const cert = read('certificate', certFile);
  const key = read('private key', keyFile);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new Error(
      `the certificate ${certFile} and the key ${keyFile} cannot be used together: ${(error as Error).message}`,
    );
  }
  return { cert, key };
}

function read(what: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`cannot read the ${what} ${file}: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
}

/** The certificate of the files, and each one that replaces it. */
export class CertificateFiles {
  private readonly listener = () => this.reload();
  private lastProblem = '';
  current: SecureContextOptions;

  /** Throws an Error with one sentence when the files cannot be used. */
  constructor(
    private readonly files: TlsFiles,
    private readonly events: CertificateEvents,
    private readonly replace: (certificate: SecureContextOptions) => void,
  ) {
    this.current = readCertificate(files);
    for (const file of [files.certFile, files.keyFile])
      watchFile(file, { persistent: false, interval: POLL_MS }, this.listener);
  }

  stop(): void {
    for (const file of [this.files.certFile, this.files.keyFile]) unwatchFile(file, this.listener);
  }

  /** Reads the files again. Half of a replacement does not fit together and changes nothing. */
  reload(): void {
    try {
      const context = readCertificate(this.files);
      this.lastProblem = '';
      if (sameBytes(context.cert, this.current.cert) && sameBytes(context.key, this.current.key)) return;
      this.current = context;
      this.replace(context);
      const { subject, validTo } = new X509Certificate(context.cert as Buffer);
      this.events.replaced(subject, validTo);
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.lastProblem) this.events.unusable(message);
      this.lastProblem = message;
    }
  }
}

function sameBytes(a: unknown, b: unknown): boolean {
  return Buffer.isBuffer(a) && Buffer.isBuffer(b) && a.equals(b);
}
