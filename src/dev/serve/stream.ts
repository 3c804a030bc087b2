/** What both kinds of stream share. */

import { type DiscoveryNode, TYPE_URL } from '../../xds';
import { type NodeView, nodeView } from '../mesh';
import type { Publication, Subscriber } from './publication';
import type { MeshView } from './view';

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

/** Who the client is, what it watches of each type, and the nonces of what it was sent. */
export abstract class ClientStream<Response, Watch> implements Subscriber {
  protected readonly watches = new Map<string, Watch>();
  private node: NodeView | undefined;
  private nonce = 0;

  constructor(
    private readonly publication: Publication,
    protected readonly events: StreamEvents,
    protected readonly send: (response: Response) => void,
  ) {}

  push(): number {
    let sent = 0;
    // Clusters before their endpoints, both before the routes that lead to them.
    for (const typeUrl of SERVED_TYPES) {
      const watch = this.watches.get(typeUrl);
      if (watch) sent += this.pushType(typeUrl, watch);
    }
    return sent;
  }

  /** Sends what changed, if anything; gives the number of resources. */
  protected abstract pushType(typeUrl: string, watch: Watch): number;

  /** Takes the node of the first request. Throws where there is none, or it is malformed. */
  protected identify(node: DiscoveryNode | undefined): void {
    if (this.node) return;
    if (!node) throw new Error('the first request of a stream must carry the node');
    this.node = nodeView(node);
    this.events.connected(node.id, this.node);
  }

  /** The mesh as this client sees it now. */
  protected get view(): MeshView {
    return this.publication.view(this.node!);
  }

  protected nextNonce(): string {
    return String(++this.nonce);
  }
}
