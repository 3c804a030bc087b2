/** What both kinds of stream share. */

import { TYPE_URL } from '../../xds';
import type { NodeView } from '../mesh';

/** In the order of sending. Listeners are answered, with none: an HTTP client inside a process needs none. */
export const SERVED_TYPES: ReadonlySet<string> = new Set([
  TYPE_URL.cluster,
  TYPE_URL.endpoint,
  TYPE_URL.listener,
  TYPE_URL.route,
]);

/** As with istiod, asking for a type it does not serve ends the stream. */
export class UnservedType extends Error {
  constructor(typeUrl: string) {
    super(`the type "${typeUrl}" is not served; clusters, endpoints and routes are`);
  }
}

/** What happens on a stream, for the log. */
export interface StreamEvents {
  connected(id: string, node: NodeView): void;
  sent(typeUrl: string, resources: number, removed: number): void;
  accepted(typeUrl: string): void;
  refused(typeUrl: string, reason: string): void;
}
