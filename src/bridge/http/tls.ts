/** TLS to a registry, by files that may be replaced while the bridge runs. */

import { readFile, stat } from 'node:fs/promises';
import { type Static, Type } from '@sinclair/typebox';
import { HttpFailure } from './failure';

export const tlsSchema = Type.Object(
  {
    caFile: Type.Optional(
      Type.String({
        description: "PEM file of the CA that signed the registry's certificate; default: the system's.",
      }),
    ),
    certFile: Type.Optional(
      Type.String({ description: 'PEM file of a client certificate, with `keyFile`.' }),
    ),
    keyFile: Type.Optional(
      Type.String({ description: 'PEM file of the key of the client certificate, with `certFile`.' }),
    ),
    serverName: Type.Optional(
      Type.String({ description: 'Name that the certificate must have; default: the host of the URL.' }),
    ),
    insecureSkipVerify: Type.Boolean({
      description: 'true: do not verify the certificate. Anybody can then pose as the registry.',
      default: false,
    }),
  },
  { description: 'TLS for `https://` servers.', additionalProperties: false },
);
export type TlsConfig = Partial<Static<typeof tlsSchema>>;

/** Options for `https.Agent`. */
export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

/** Reads the files; throws a sentence that names the key and the file. */
export async function readTls(config: TlsConfig): Promise<TlsMaterial> {
  const [ca, cert, key] = await Promise.all([
    readPem('caFile', config.caFile),
    readPem('certFile', config.certFile),
    readPem('keyFile', config.keyFile),
  ]);
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(config.serverName !== undefined && { servername: config.serverName }),
    rejectUnauthorized: config.insecureSkipVerify !== true,
  };
}

/** Differs when a file was replaced. */
export async function tlsSignature(config: TlsConfig): Promise<string> {
  const files = [config.caFile, config.certFile, config.keyFile].filter((file) => file !== undefined);
  const parts = files.map(async (file) => {
    // A file that is missing is told by the reading that follows.
    const found = await stat(file).catch(() => undefined);
    return found ? `${found.ino} ${found.mtimeMs} ${found.size}` : 'missing';
  });
  return (await Promise.all(parts)).join('\n');
}

async function readPem(key: string, file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined;
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new HttpFailure(`cannot read tls.${key} ${file}: ${error.code ?? error.message}`);
  });
}
