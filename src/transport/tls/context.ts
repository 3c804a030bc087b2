/** The TLS contexts of clusters: made of files, shared by all connections that use the same ones, renewed with them. */

import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { UpstreamTls } from '../../model';
import type { Log } from '../../observe/log';
import { TlsFiles, type TlsMaterial, TlsUnavailable } from './files';

/** Between two looks at the files, milliseconds. */
const LOOK_AGAIN_MS = 1_000;
/** Roots that are taken in at once: a whole bundle takes up to 30 ms. */
const ROOTS_AT_ONCE = 8;
const CERTIFICATE = /-----BEGIN [^-]*CERTIFICATE-----[^-]+-----END [^-]*CERTIFICATE-----/g;

type Ready = (error: Error | undefined) => void;

/** `allowPartialTrustChain`: an intermediate may be a root, as in Envoy; older Node lines do not know it. */
type Options = SecureContextOptions & { allowPartialTrustChain?: boolean };

/** What Node's own code uses to add roots to a context. */
interface NativeContext {
  addCACert(pem: string): void;
}

export class TlsContext {
  current: SecureContext | undefined;
  private readonly files: TlsFiles;
  private lookedAt = Number.NEGATIVE_INFINITY;
  private waiting: Ready[] | undefined;

  constructor(
    private readonly tls: UpstreamTls,
    private readonly log: Log,
    private readonly now: () => number,
  ) {
    this.files = new TlsFiles(tls);
  }

  /** Calls back once `current` is as the files are: at once, unless they have to be looked at. */
  prepare(ready: Ready): void {
    if (this.waiting !== undefined) {
      this.waiting.push(ready);
      return;
    }
    if (this.current !== undefined && this.now() - this.lookedAt < LOOK_AGAIN_MS) {
      ready(undefined);
      return;
    }
    this.waiting = [ready];
    void this.look().then((error) => this.settle(error));
  }

  private settle(error: Error | undefined): void {
    const waiting = this.waiting ?? [];
    this.waiting = undefined;
    this.lookedAt = this.now();
    for (const ready of waiting) ready(error);
  }

  /** An error when there is nothing to connect with. What worked before outlives a file that is gone or half written. */
  private async look(): Promise<Error | undefined> {
    const { unavailable } = this.tls;
    if (unavailable !== undefined) return new TlsUnavailable(unavailable);
    try {
      const material = await this.files.read();
      if (material !== undefined) this.current = await made(this.tls, material);
      return undefined;
    } catch (error) {
      this.files.forget();
      if (this.current === undefined) return error as Error;
      const message = `${(error as Error).message}: connections go on with what was read before`;
      this.log.line('warn', 'tls.not-renewed', message, {}, message);
      return undefined;
    }
  }
}

async function made(tls: UpstreamTls, { ca, cert, key, crl }: TlsMaterial): Promise<SecureContext> {
  const roots = ca?.match(CERTIFICATE) ?? [];
  if (ca !== undefined && roots.length === 0) {
    throw new TlsUnavailable(`caCertificates ${tls.caFile ?? 'of the system'} holds no certificate`);
  }
  const options: Options = {
    minVersion: tls.minVersion ?? 'TLSv1.2',
    maxVersion: tls.maxVersion ?? 'TLSv1.3',
    allowPartialTrustChain: true,
    ...(cert === undefined ? {} : { cert, key }),
    ...(crl === undefined ? {} : { crl }),
    // Without a file Node's own roots are trusted; where nothing is verified none are needed.
    ...(ca === undefined && !tls.insecureSkipVerify ? {} : { ca: roots.slice(0, ROOTS_AT_ONCE) }),
  };
  let context: SecureContext;
  try {
    parsed(options.ca as string[] | undefined);
    context = createSecureContext(options);
    const { addCACert } = context.context as NativeContext;
    for (let at = ROOTS_AT_ONCE; at < roots.length; at += ROOTS_AT_ONCE) {
      await nextTurn();
      for (const root of parsed(roots.slice(at, at + ROOTS_AT_ONCE))) addCACert.call(context.context, root);
    }
  } catch (error) {
    throw new TlsUnavailable(`${filesOf(tls)} cannot be used (${(error as Error).message})`);
  }
  return context;
}

/** Throws for what is no certificate: a context passes over it. */
function parsed(roots: readonly string[] = []): readonly string[] {
  for (const root of roots) new X509Certificate(root);
  return roots;
}

function filesOf({ caFile, certFile, keyFile, crlFile }: UpstreamTls): string {
  return [caFile, certFile, keyFile, crlFile].filter((file) => file !== undefined).join(', ');
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
