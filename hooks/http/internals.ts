/**
 * What this hook touches of Node's `ClientRequest` that has no documented name. One place, checked at install by
 * building a request that goes nowhere: where the shape is another, the hook does not install.
 *
 * A file of its own in dist: loaded with the preload, it keeps what was there then for what the first call loads.
 */

import * as http from 'node:http';
import * as https from 'node:https';
import { Socket } from 'node:net';

/** One entry of `outputData`: bytes that wait for a socket. */
export interface Output {
  data: string | Uint8Array;
  encoding: string | null;
  callback: ((error?: Error | null) => void) | null;
}

/** A client request with the fields that Node's own agent and parser use. */
export interface RequestInternals {
  /** The rendered head, with its final empty line; null while headers may change. */
  _header: string | null;
  _headerSent: boolean;
  outputData: Output[];
  outputSize: number;
  _closed: boolean;
  _ended: boolean;
  _last: boolean;
  parser: unknown;
  timeoutCb: unknown;
  timeout?: number;
  res: http.IncomingMessage | null;
  upgradeOrConnect: boolean;
  _implicitHeader(): void;
  _finish(): void;
  _send(
    data: string | Uint8Array,
    encoding?: string | null,
    callback?: Output['callback'],
    byteLength?: number,
  ): boolean;
  onSocket(socket: Socket | null, error?: Error): void;
}

export type NodeRequest = Omit<http.ClientRequest, 'onSocket' | 'agent' | 'socket' | 'reusedSocket'> &
  RequestInternals & {
    agent: http.Agent | undefined;
    socket: Socket | null;
    reusedSocket: boolean;
  };

/** A socket that carries a request. */
export interface CarryingSocket extends Socket {
  _httpMessage?: unknown;
  _hadError?: boolean;
}

/** Node's own class, also where a mock that was loaded before us (nock, msw) has put a subclass or a proxy in its place. */
export const NativeClientRequest = nativeClientRequest();

function nativeClientRequest(): typeof http.ClientRequest {
  let prototype: object | null = http.ClientRequest.prototype;
  while (prototype !== null && !Object.hasOwn(prototype, '_implicitHeader')) {
    prototype = Object.getPrototypeOf(prototype);
  }
  return (prototype?.constructor as typeof http.ClientRequest | undefined) ?? http.ClientRequest;
}

/** Methods as they were at the preload. */
const requestPrototype = NativeClientRequest.prototype as unknown as NodeRequest;
const httpAgent = http.Agent.prototype as unknown as AgentMethods;
const httpsAgent = https.Agent.prototype as unknown as AgentMethods;
export const native = {
  implicitHeader: requestPrototype._implicitHeader,
  finish: requestPrototype._finish,
  send: requestPrototype._send,
  listenerCount: NativeClientRequest.prototype.listenerCount,
  emitOfSocket: Socket.prototype.emit,
  addRequest: httpAgent.addRequest,
  createSocket: httpAgent.createSocket,
  httpConnect: httpAgent.createConnection,
  httpsConnect: httpsAgent.createConnection,
} as const;

interface AgentMethods {
  readonly addRequest: unknown;
  readonly createSocket: unknown;
  readonly createConnection: unknown;
}

/** Is this Node's own `http.request`, or somebody's wrapper? Told by its text; when in doubt it is a wrapper. */
export function isNativeRequest(request: (...args: never[]) => unknown): boolean {
  return /^function request\(url, options, cb\) \{\s*return new ClientRequest\(url, options, cb\);\s*\}$/.test(
    Function.prototype.toString.call(request),
  );
}

/** Why this Node cannot be hooked, or undefined. */
export function unknownShape(): string | undefined {
  const agent = {
    addRequest: acceptRequest,
    protocol: 'http:',
    defaultPort: 80,
    keepAlive: true,
    options: {},
  };
  const request = new NativeClientRequest({
    host: 'inmesh.invalid',
    method: 'POST',
    path: '/',
    agent: agent as unknown as http.Agent,
    // The public types know only one of the constructor's shapes.
  } as unknown as URL) as unknown as NodeRequest;
  // It goes nowhere; if somebody sends it all the same, its failure must not end the application.
  request.on('error', acceptRequest);
  const missing = FIELDS.filter((name) => !(name in request));
  if (missing.length > 0) return `ClientRequest has no ${missing.join(', ')}`;
  const methods = METHODS.filter((name) => typeof request[name] !== 'function');
  if (methods.length > 0) return `ClientRequest has no ${methods.join('(), ')}()`;
  if (request._header !== null) return 'the head is rendered before it is asked for';
  request.write('abc');
  const head: unknown = request._header;
  if (typeof head !== 'string' || !head.startsWith('POST / HTTP/1.1\r\n') || !head.endsWith('\r\n\r\n')) {
    return 'the rendered head has another form';
  }
  const first = request.outputData[0];
  if (first === undefined || typeof first.data !== 'string' || !first.data.startsWith(head)) {
    return 'waiting output has another form';
  }
  return request._headerSent === true ? undefined : 'the head counts as unsent after a write';
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

function acceptRequest(): void {
  return;
}

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
