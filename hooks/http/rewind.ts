/**
 * Taking an attempt away from a request, and making the request as if it had never been given a socket, so that the
 * next attempt is the application's own request object again: its socket, writes, callbacks and events are Node's own.
 */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { CarryingSocket, NodeRequest } from './internals';
import type { Recorder } from './recorder';

/** A retried answer longer than this is not worth reading to its end for the connection's sake. */
const DRAIN_LIMIT_BYTES = 64 * 1024;
const DRAIN_MS = 1_000;

/**
 * Stands in for the request on a socket that was taken from it. Node's listeners on that socket find here every field
 * they read or write, so nothing the dead socket still says reaches the application.
 */
class Husk {
  readonly socket: Socket;
  readonly res: IncomingMessage | null;
  readonly method: string;
  readonly finished = true;
  readonly writableFinished: boolean;
  readonly aborted = false;
  readonly outputData: never[] = [];
  parser: unknown;
  shouldKeepAlive: boolean;
  timeoutCb = null;
  upgradeOrConnect = false;
  destroyed = false;
  _closed = false;
  _ended = false;

  constructor(request: NodeRequest, socket: Socket, response: IncomingMessage | null) {
    this.socket = socket;
    this.res = response;
    this.method = request.method;
    this.parser = request.parser;
    this.shouldKeepAlive = request.shouldKeepAlive;
    this.writableFinished = request.finished && socket.writableLength === 0;
  }

  emit(): boolean {
    return false;
  }

  listenerCount(): number {
    return 0;
  }
}

/**
 * Leaves the present attempt's socket to itself. With a `response` that is short and a request that is out, the
 * connection can serve others afterwards; otherwise it is closed, as Envoy does. `broken`: Node is closing it already.
 */
export function abandon(request: NodeRequest, response: IncomingMessage | null, broken: boolean): void {
  const socket = request.socket as CarryingSocket | null;
  if (socket === null) return;
  const husk = new Husk(request, socket, response);
  socket._httpMessage = husk;
  // Said already, or not to be said at all.
  socket._hadError = true;
  if (request.timeoutCb) socket.removeListener('timeout', request.timeoutCb as () => void);
  if (response !== null) {
    (response as unknown as { req: unknown }).req = husk;
    removeNodesFinishListener(request);
  }
  if (broken) return;
  if (response === null || !isWorthDraining(husk, response)) {
    socket.destroy();
    return;
  }
  socket._hadError = false;
  socket.setTimeout(DRAIN_MS);
  // It may still be there from an earlier answer on this connection.
  if (!socket.listeners('timeout').includes(destroyIfDraining)) socket.once('timeout', destroyIfDraining);
}

function isWorthDraining(husk: Husk, response: IncomingMessage): boolean {
  if (!husk.shouldKeepAlive || !husk.writableFinished) return false;
  const length = response.headers['content-length'];
  return (
    husk.method === 'HEAD' ||
    response.complete ||
    (length !== undefined && Number(length) <= DRAIN_LIMIT_BYTES)
  );
}

function destroyIfDraining(this: CarryingSocket): void {
  if (this._httpMessage instanceof Husk) this.destroy();
}

/** Node adds `requestOnFinish` for every response; for one that is not delivered it must not stay. */
function removeNodesFinishListener(request: NodeRequest): void {
  const listeners = request.listeners('finish') as (() => void)[];
  for (let i = listeners.length - 1; i >= 0; i--) {
    if (listeners[i]!.name !== 'requestOnFinish') continue;
    request.removeListener('finish', listeners[i]!);
    return;
  }
}

/** Back to a request that waits for a socket: the head first in its output, then all that was recorded. */
export function rewind(request: NodeRequest, head: string, recorder: Recorder | undefined): void {
  request.socket = null;
  request.res = null;
  request.parser = null;
  request.timeoutCb = null;
  request.destroyed = false;
  request._closed = false;
  request._ended = false;
  request.upgradeOrConnect = false;
  request.shouldKeepAlive = true;
  request._headerSent = true;
  request.outputData = [{ data: head, encoding: 'latin1', callback: null }];
  if (recorder !== undefined) for (const output of recorder.replay()) request.outputData.push(output);
  let size = 0;
  for (const output of request.outputData) size += output.data.length;
  request.outputSize = size;
}

/** Replaces the head that waits to be sent. `before`: as it stands in the request now. */
export function replaceHead(request: NodeRequest, before: string, head: string): void {
  if (!request._headerSent) {
    request._header = head;
    return;
  }
  const first = request.outputData[0];
  const body = first === undefined ? undefined : after(before, first.data);
  if (body === undefined) return;
  first!.data = head + body;
  request.outputSize += head.length - before.length;
}

/** What follows the head in the first output; undefined when it does not begin with it. */
export function after(head: string, data: string | Uint8Array): string | undefined {
  // Comparing them would take longer than all else that is done to the head; most often they are one.
  if (data === head) return '';
  return typeof data === 'string' && data.startsWith(head) ? data.slice(head.length) : undefined;
}
