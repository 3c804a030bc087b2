import type { HeaderEdit } from '../routing';
import { editLines } from '../routing';
import type { LocalReply, ResetReason } from './seam';

export type Lines = readonly (readonly [string, string])[];

const NO_HEALTHY_UPSTREAM = 'no healthy upstream';
const UPSTREAM_REQUEST_TIMEOUT = 'upstream request timeout';
const FAULT_FILTER_ABORT = 'fault filter abort';

/** Envoy's texts: what its answers say, exactly. */
export const TEXT = { NO_HEALTHY_UPSTREAM, UPSTREAM_REQUEST_TIMEOUT, FAULT_FILTER_ABORT } as const;

/** Envoy's response flags of resets. */
export const RESET_FLAG: Readonly<Record<ResetReason, string>> = {
  'remote-connection-failure': 'UF',
  'connection-timeout': 'UF',
  'connection-termination': 'UC',
  overflow: 'UO',
};

/** What outlier detection makes of a reset. */
export const RESET_ORIGIN = {
  'remote-connection-failure': 'connect-failure',
  'connection-timeout': 'connect-failure',
  'connection-termination': 'reset',
} as const;

/** Envoy's response flags, in the order in which they came about. */
export function flags(before: string, flag: string): string {
  return before === '' || flag === '' ? before + flag : `${before},${flag}`;
}

/** Response flags of a call that was held back by a fault. */
export function delayed(flag: string): string {
  return flags('DI', flag);
}

/** The body of the 503 after a reset; it tells whether there had been other attempts. */
export function resetText(reason: ResetReason, retried: boolean): string {
  const which = retried ? 'retried and the latest reset reason' : 'reset reason';
  return `upstream connect error or disconnect/reset before headers. ${which}: ${reason.replace(/-/g, ' ')}`;
}

/** What a local reply is made of. */
export interface ReplyParts {
  readonly status: number;
  readonly body: string;
  readonly flag: string;
  /** The request's: a HEAD is answered without body. */
  readonly method: string;
  /** Lines of this kind of answer (`location`, `x-envoy-overloaded`). */
  readonly extra?: Lines;
}

/** The answer before the rule's response headers. */
export function localReply({ status, body, flag, method, extra }: ReplyParts): LocalReply {
  const headers: (readonly [string, string])[] = [];
  const mayHaveBody = status !== 204 && status !== 304;
  if (mayHaveBody && (body !== '' || method !== 'HEAD')) {
    headers.push(['content-length', String(Buffer.byteLength(body))]);
  }
  if (mayHaveBody && body !== '') headers.push(['content-type', 'text/plain']);
  if (extra !== undefined) headers.push(...extra);
  headers.push(['date', new Date().toUTCString()], ['server', 'envoy']);
  return {
    kind: 'local-reply',
    status,
    body: mayHaveBody && method !== 'HEAD' ? body : '',
    headers,
    flag,
  };
}

/**
 * The answer after the rule's response headers: they are applied to all local answers of a rule. A body keeps a type
 * even if the rule removes it.
 */
export function withEdits(reply: LocalReply, edits: readonly HeaderEdit[]): LocalReply {
  if (edits.length === 0) return reply;
  const headers = editLines(reply.headers, edits);
  const untyped = reply.body !== '' && !headers.some(([name]) => name === 'content-type');
  return { ...reply, headers: untyped ? [...headers, ['content-type', 'text/plain']] : headers };
}
