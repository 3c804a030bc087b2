/** A response's headers, read for policy and changed for delivery. */

import { IncomingMessage } from 'node:http';
import type { HeaderEdit } from '../../src/call';

/** Symbol of the count that Node's lazy `headers` getters stop at; unknown on a Node that has none. */
const kHeadersCount = Object.getOwnPropertySymbols(new IncomingMessage(null as never)).find(
  (symbol) => symbol.description === 'kHeadersCount',
);

let current: IncomingMessage | undefined;

/** The response that `responseHeader` speaks of until the next one; policy asks synchronously. */
export function readFrom(response: IncomingMessage): void {
  current = response;
}

/** Lines of a header by lower-case name. */
export function responseHeader(name: string): string | readonly string[] | undefined {
  return current?.headers[name];
}

/** Applies edits before anybody has looked at the response. */
export function editResponse(response: IncomingMessage, edits: readonly HeaderEdit[]): void {
  for (let i = 0; i < edits.length; i++) {
    const { op, name, value } = edits[i]!;
    if (op !== 'add') remove(response, name.toLowerCase());
    if (op !== 'remove') append(response, name, value!);
  }
}

function append(response: IncomingMessage, name: string, value: string): void {
  response.rawHeaders.push(name, value);
  const message = response as unknown as Record<symbol, number> & AddHeaderLine;
  if (kHeadersCount !== undefined) message[kHeadersCount]! += 2;
  // Already read, so it will not be made from the raw lines again.
  if (wasRead(response)) message._addHeaderLine(name, value, response.headers);
}

function remove(response: IncomingMessage, lower: string): void {
  const { rawHeaders } = response;
  let found = 0;
  for (let i = rawHeaders.length - 2; i >= 0; i -= 2) {
    const name = rawHeaders[i]!;
    if (name.length !== lower.length || name.toLowerCase() !== lower) continue;
    rawHeaders.splice(i, 2);
    found += 2;
  }
  if (found === 0) return;
  if (kHeadersCount !== undefined) (response as unknown as Record<symbol, number>)[kHeadersCount]! -= found;
  if (wasRead(response)) delete response.headers[lower];
}

interface AddHeaderLine {
  _addHeaderLine(name: string, value: string, into: object): void;
}

const kHeaders = Object.getOwnPropertySymbols(new IncomingMessage(null as never)).find(
  (symbol) => symbol.description === 'kHeaders',
);

/** Without Node's own marks it must be assumed that it was read; reading it now makes that true. */
function wasRead(response: IncomingMessage): boolean {
  if (kHeaders === undefined || kHeadersCount === undefined) return true;
  return Boolean((response as unknown as Record<symbol, unknown>)[kHeaders]);
}
