/**
 * What this hook touches of Node's `ClientRequest` that has no documented name: its fields as types, its functions as
 * the preload found them, for what the first call loads (scripts/build.js). `shape.ts` checks that they are so.
 */

import http = require('node:http');
import https = require('node:https');

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
