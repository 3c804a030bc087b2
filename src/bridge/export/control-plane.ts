/** How istiod is dialled: address, root, token; files are read anew each time, because they rotate. */

import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type ChannelCredentials, type ChannelOptions, credentials, Metadata } from '@grpc/grpc-js';
import type { DiscoveryNode } from '../../xds';

export interface ControlPlane {
  /** `grpcs://host:port` or `grpc://host:port`. */
  readonly address: string;
  readonly caFile?: string | undefined;
  readonly serverName?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly podName: string;
  readonly podNamespace: string;
}

export interface ControlPlaneDial {
  readonly target: string;
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
  readonly metadata: Metadata;
  readonly node: DiscoveryNode;
}

const CHANNEL: ChannelOptions = {
  'grpc.max_receive_message_length': -1,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_http_proxy': 0,
};

/** Rejects with a sentence. A token never travels in plaintext. */
export async function dialControlPlane(plane: ControlPlane): Promise<ControlPlaneDial> {
  const match = /^(grpcs?):\/\/(\[[0-9a-fA-F:.]+\]|[^/:[\]\s]+):(\d{1,5})\/?$/.exec(plane.address);
  if (match === null) throw new Error(`"${plane.address}" is no control plane; give grpcs://host:port`);
  const [, scheme, host = '', port] = match;
  const target = `${host}:${port}`;
  const metadata = new Metadata();
  const node = nodeOf(plane);
  if (scheme === 'grpc')
    return { target, credentials: credentials.createInsecure(), options: CHANNEL, metadata, node };
  if (plane.tokenFile !== undefined) {
    const token = (await read('tokenFile', plane.tokenFile)).toString('utf8').trim();
    if (!/^[\x21-\x7e]+$/.test(token)) throw new Error(`tokenFile ${plane.tokenFile} holds no token`);
    metadata.set('authorization', `Bearer ${token}`);
  }
  const root = plane.caFile === undefined ? null : await read('xdsCaFile', plane.caFile);
  const name = plane.serverName ?? host.replace(/^\[|\]$/g, '');
  const naming =
    isIP(name) === 0 ? { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name } : {};
  const options = { ...CHANNEL, ...naming };
  return { target, credentials: credentials.createSsl(root), options, metadata, node };
}

/** An ordinary sidecar: other node types get other endpoints. */
function nodeOf({ podName, podNamespace }: ControlPlane): DiscoveryNode {
  const ip = firstAddress();
  const domain = `${podNamespace}.svc.cluster.local`;
  return {
    id: `sidecar~${ip}~${podName}.${podNamespace}~${domain}`,
    cluster: `inmesh-bridge.${podNamespace}`,
    metadata: { NAMESPACE: podNamespace, INSTANCE_IPS: ip, DISABLE_HBONE_SEND: 'true', LABELS: {} },
    userAgentName: 'inmesh-bridge',
  };
}

function firstAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
}

async function read(key: string, file: string): Promise<Buffer> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`cannot read ${key} ${file}: ${error.code ?? error.message}`);
  });
}
