/**
 * Is Node's `ClientRequest` as `internals.ts` says? Looked at on the first request: one that is not goes its own way, and
 * the next is looked at. And what else is found by looking at such objects.
 */

import http = require('node:http');

import type { NodeRequest } from './internals';
import { after } from './rewind';

/** Why requests of this Node cannot be parked, or undefined. */
export function unknownRequest(request: NodeRequest): string | undefined {
  const missing = FIELDS.filter((name) => !(name in request));
  if (missing.length > 0) return `ClientRequest has no ${missing.join(', ')}`;
  const methods = METHODS.filter((name) => typeof request[name] !== 'function');
  if (methods.length > 0) return `ClientRequest has no ${methods.join('(), ')}()`;
  if (request._header !== null && typeof request._header !== 'string') return 'the head is no text';
  return typeof request._headerSent === 'boolean' ? undefined : 'it does not say whether the head was sent';
}

/** The same of a request whose head is final, perhaps written already. */
export function unknownHead({ method, _header, _headerSent, outputData }: NodeRequest): string | undefined {
  if (_header === null || !_header.startsWith(`${method} `) || !_header.endsWith('\r\n\r\n')) {
    return 'the rendered head has another form';
  }
  if (!_headerSent) return undefined;
  const first = outputData[0];
  const isKnown = first !== undefined && after(_header, first.data) !== undefined;
  return isKnown ? undefined : 'waiting output has another form';
}

const FIELDS = [
  '_header',
  '_headerSent',
  'outputData',
  'outputSize',
  '_closed',
  '_ended',
  '_last',
  'parser',
  'timeoutCb',
  'res',
  'upgradeOrConnect',
  'reusedSocket',
  'shouldKeepAlive',
] as const satisfies readonly (keyof NodeRequest)[];
const METHODS = ['_implicitHeader', '_finish', '_send', 'onSocket'] as const;

/** Where Node keeps the headers set so far, by lower-case name; undefined on a Node that keeps them elsewhere. */
const kOutHeaders = findSymbol(new http.OutgoingMessage(), 'kOutHeaders');

interface OutHeaders {
  readonly [name: string]: readonly [name: string, value: number | string | string[]] | undefined;
}

/** As `getHeader`, for a lower-case name, at a third of its cost: a dozen are asked for in every call. */
export function requestHeader(request: NodeRequest, name: string): number | string | string[] | undefined {
  if (kOutHeaders === undefined) return request.getHeader(name);
  const headers = (request as unknown as Record<symbol, OutHeaders | null>)[kOutHeaders];
  return headers?.[name]?.[1];
}

const proxySymbol = findSymbol(new http.Agent(), 'kProxyConfig');

/** Set on agents that send requests through a proxy of the environment (Node 22.21 and 24.5 on). */
export function hasProxyConfig(agent: http.Agent): boolean {
  const symbol = proxySymbol ?? findSymbol(agent, 'kProxyConfig');
  return symbol !== undefined && Boolean((agent as unknown as Record<symbol, unknown>)[symbol]);
}

function findSymbol(holder: object, description: string): symbol | undefined {
  return Object.getOwnPropertySymbols(holder).find((symbol) => symbol.description === description);
}
