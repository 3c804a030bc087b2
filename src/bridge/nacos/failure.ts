/** Why something between us and Nacos failed, as one sentence for the operator. */

import { status } from '@grpc/grpc-js';
import { ERROR, type ResponseBody } from '../../nacos';

/** `refused`: somebody has to change something. `unreachable`: the network or the server. `answer`: the server said no. */
export type FailureKind = 'refused' | 'unreachable' | 'answer';

export class NacosFailure extends Error {
  override readonly name = 'NacosFailure';

  constructor(
    message: string,
    readonly kind: FailureKind,
    /** Nacos' `errorCode`, 0 without one. */
    readonly code = 0,
  ) {
    super(message);
  }
}

/** A response that is no success. */
export function failureOf(request: string, response: ResponseBody): NacosFailure {
  const code = response.errorCode ?? 0;
  const message = response.message ?? 'no reason given';
  if (code === ERROR.NO_RIGHT) {
    const advice = 'check username and password (or accessKey and secretKey) and the rights of that user';
    return new NacosFailure(`Nacos refuses ${request}: ${message.trim()}; ${advice}`, 'refused', code);
  }
  return new NacosFailure(`Nacos answers ${request} with ${code}: ${message.trim()}`, 'answer', code);
}

/** What grpc-js reports, in words. `target` is the gRPC address that was dialled. */
export function transportFailure(error: unknown, target: string): NacosFailure {
  if (error instanceof NacosFailure) return error;
  const { code, details, message } = error as { code?: unknown; details?: string; message?: string };
  const text = details || message || String(error);
  if (code === status.DEADLINE_EXCEEDED)
    return new NacosFailure(`${target}: no answer in time (${text})`, 'unreachable');
  if (code === status.UNAVAILABLE) {
    const advice = /certificate|TLS|SSL|self.signed|altname/i.test(text)
      ? 'check tls.caFile and tls.serverName'
      : 'is it the main port + 1000, and open?';
    return new NacosFailure(`${target}: the gRPC port cannot be reached (${text}); ${advice}`, 'unreachable');
  }
  return new NacosFailure(`${target}: ${text}`, 'unreachable');
}
