/**
 * TLS of a cluster as a vanilla Envoy can have it: Istio's agent serves the files that SDS names (`file-cert:…~…`,
 * `file-root:…`); here they are named to Envoy itself. A file that is not there is a secret that never comes.
 */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { all, bytesField, message, textAt, varintField, without } from './wire';

const SOCKET = { typedConfig: 3 };
const ANY = { typeUrl: 1, value: 2 };
const UPSTREAM_TLS = { common: 1 };
const COMMON = { certificates: 2, validation: 3, certificateSecrets: 6, combined: 8 };
const COMBINED = { validation: 1, secret: 2 };
const CERTIFICATE = { chain: 1, key: 2 };
const VALIDATION = { trustedCa: 1 };
const SECRET = { name: 1, config: 2 };
const CONFIG_SOURCE = { fetchTimeout: 4, version: 6, path: 8 };
const FILE_CERT = 'file-cert:';
const FILE_ROOT = 'file-root:';
const TLS_TYPE = /UpstreamTlsContext$/;

/** A `core.TransportSocket` without SDS of Istio's agent. */
export function staticSocket(socket: Uint8Array): Buffer {
  const typed = all(socket, SOCKET.typedConfig)[0];
  if (typed === undefined || !TLS_TYPE.test(textAt(typed, ANY.typeUrl))) return Buffer.from(socket);
  const context = all(typed, ANY.value)[0] ?? Buffer.alloc(0);
  const commons = all(context, UPSTREAM_TLS.common).map((common) =>
    bytesField(UPSTREAM_TLS.common, staticCommon(common)),
  );
  const value = message(without(context, UPSTREAM_TLS.common), ...commons);
  return message(
    without(socket, SOCKET.typedConfig),
    bytesField(SOCKET.typedConfig, message(without(typed, ANY.value), bytesField(ANY.value, value))),
  );
}

function staticCommon(common: Uint8Array): Buffer {
  const parts: Buffer[] = [without(common, COMMON.certificateSecrets, COMMON.combined)];
  for (const secret of all(common, COMMON.certificateSecrets)) parts.push(certificate(secret));
  for (const combined of all(common, COMMON.combined)) parts.push(validation(combined));
  return message(...parts);
}

function certificate(secret: Uint8Array): Buffer {
  const files = textAt(secret, SECRET.name).slice(FILE_CERT.length).split('~');
  if (!files.every((file) => existsSync(file)))
    return bytesField(COMMON.certificateSecrets, never(files[0]!));
  const [chain, key] = files;
  return bytesField(
    COMMON.certificates,
    message(bytesField(CERTIFICATE.chain, file(chain!)), bytesField(CERTIFICATE.key, file(key!))),
  );
}

function validation(combined: Uint8Array): Buffer {
  const root = textAt(combined, COMBINED.secret, SECRET.name).slice(FILE_ROOT.length);
  const rules = all(combined, COMBINED.validation)[0] ?? Buffer.alloc(0);
  if (existsSync(root)) {
    return bytesField(COMMON.validation, message(rules, bytesField(VALIDATION.trustedCa, file(root))));
  }
  return bytesField(
    COMMON.combined,
    message(bytesField(COMBINED.validation, rules), bytesField(COMBINED.secret, never(root))),
  );
}

/** A secret of a source that has none. */
function never(missing: string): Buffer {
  const source = message(
    bytesField(CONFIG_SOURCE.path, bytesField(1, join(dirname(missing), 'no-secrets.yaml'))),
    varintField(CONFIG_SOURCE.version, 2),
    bytesField(CONFIG_SOURCE.fetchTimeout, varintField(1, 1)),
  );
  return message(bytesField(SECRET.name, missing), bytesField(SECRET.config, source));
}

/** `core.DataSource` of a file. */
function file(path: string): Buffer {
  return bytesField(1, path);
}
