import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { type ChannelCredentials, type ChannelOptions, credentials, Metadata } from '@grpc/grpc-js';
import type { Settings } from '../../config';

/** Everything one attempt needs; files are read anew each time because tokens and roots rotate. */
export interface Dial {
  /** `host:port` as grpc-js wants it. */
  readonly target: string;
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
  readonly metadata: Metadata;
}

/** A wrong set-up found before dialling: says what is wrong, where, and what to do. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

const COMMON_OPTIONS: ChannelOptions = {
  // A configuration of a mid-size mesh is larger than grpc-js' default of 4 MiB.
  'grpc.max_receive_message_length': -1,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // One channel per attempt, with no memory of failures before: the waiting is ours (back-off.ts).
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 1_500,
  'grpc.max_reconnect_backoff_ms': 1_500,
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  // The control plane is inside the cluster; an HTTP_PROXY of the application is for the outside.
  'grpc.enable_http_proxy': 0,
};

/**
 * Reads root and token and makes the channel's credentials. `grpcs://` always verifies root and server name; a
 * token never travels over `grpc://`.
 * @throws {Refusal} for a malformed address or an unreadable file
 */
export function prepareDial(settings: Settings): Dial {
  const { secure, host, port } = parseAddress(settings.xds);
  const metadata = new Metadata();
  const target = `${host}:${port}`;
  if (!secure)
    return { target, credentials: credentials.createInsecure(), options: COMMON_OPTIONS, metadata };
  const root =
    settings.xdsCa === '' ? null : readOrRefuse(settings.xdsCa, 'the root certificate', 'INMESH_XDS_CA');
  if (root !== null && !root.includes('-----BEGIN CERTIFICATE-----')) {
    throw new Refusal(
      `${settings.xdsCa} holds no PEM certificate; set INMESH_XDS_CA to the control plane's root certificate`,
    );
  }
  if (settings.token !== '') {
    const token = readOrRefuse(settings.token, 'the token', 'INMESH_TOKEN').toString('utf8').trim();
    // A header must not be smuggled in by a file.
    if (!/^[\x21-\x7e]+$/.test(token)) {
      throw new Refusal(`${settings.token} holds no token; set INMESH_TOKEN to a file with a bearer token`);
    }
    metadata.set('authorization', `Bearer ${token}`);
  }
  const name = settings.xdsServerName || host.replace(/^\[|\]$/g, '');
  // An IP address is verified as the address dialled: it may not be a TLS server name (RFC 6066).
  const naming =
    isIP(name) === 0 ? { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name } : {};
  return {
    target,
    credentials: credentials.createSsl(root),
    options: { ...COMMON_OPTIONS, ...naming },
    metadata,
  };
}

export interface ControlPlaneAddress {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
}

/** @throws {Refusal} unless it is `grpcs://host:port` or `grpc://host:port` */
export function parseAddress(xds: string): ControlPlaneAddress {
  const match = /^(grpcs?):\/\/([^/:[\]\s]+|\[[0-9a-f:.]+\]):(\d{1,5})\/?$/i.exec(xds);
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65535) {
    throw new Refusal(
      `"${xds}" is no control plane address; set INMESH_XDS to grpcs://host:port (or grpc://host:port, plaintext)`,
    );
  }
  return { secure: match[1]!.toLowerCase() === 'grpcs', host: match[2]!, port };
}

function readOrRefuse(file: string, what: string, setting: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Refusal(`${what} ${file} cannot be read (${(error as Error).message}); set ${setting}`);
  }
}
