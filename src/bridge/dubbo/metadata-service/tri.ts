/** MetadataServiceV2 of a provider that speaks tri: gRPC over plaintext HTTP/2. */

import { ChannelCredentials, Client, Metadata, status } from '@grpc/grpc-js';
import { decodeMessage, pb } from '../../../xds';
import type { MetadataInfo } from '../revision';

/** Case counts: `getMetadataInfo` is not found. */
const METHOD = '/org.apache.dubbo.metadata.MetadataServiceV2/GetMetadataInfo';
const MOST_BYTES = 64 * 1024 * 1024;

const OPTIONS = {
  'grpc.enable_http_proxy': 0,
  'grpc.enable_retries': 0,
  'grpc.max_receive_message_length': MOST_BYTES,
  'grpc.use_local_subchannel_pool': 1,
};

export interface MetadataCall {
  /** IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
  readonly application: string;
  readonly revision: string;
  /** Milliseconds for the whole call. */
  readonly timeoutMs: number;
}

/** Rejects with one sentence. */
export function askTri({ address, port, revision, timeoutMs }: MetadataCall): Promise<MetadataInfo> {
  const target = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return new Promise((resolve, reject) => {
    const client = new Client(target, ChannelCredentials.createInsecure(), OPTIONS);
    client.makeUnaryRequest(
      METHOD,
      (request: string) =>
        Buffer.from(pb.dubbo.metadata.MetadataRequest.encode({ revision: request }).finish()),
      (bytes: Buffer) => decodeMessage(pb.dubbo.metadata.MetadataInfoV2, bytes),
      revision,
      new Metadata(),
      { deadline: Date.now() + timeoutMs },
      (error, info) => {
        client.close();
        if (!error && info) return resolve(info);
        reject(new Error(`its MetadataService at tri://${target} ${said(error?.code, error?.details)}`));
      },
    );
  });
}

function said(code: status | undefined, details = ''): string {
  if (code === status.DEADLINE_EXCEEDED) return 'gives no answer';
  if (code === status.UNAVAILABLE) return `cannot be reached: ${details}`;
  return `refuses: ${details || (code === undefined ? 'an empty answer' : status[code])}`;
}
