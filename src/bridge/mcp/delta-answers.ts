/** The incremental protocol: only what changed. istiod does not ask for it, other clients of MCP may. */

import { Writer } from 'protobufjs/minimal';
import { type DeltaRequest, pb } from '../../xds';
import { type Answer, type Answers, NOTHING } from './answers';
import type { Part, View } from './rendering';

const { DeltaDiscoveryResponse, Resource } = pb.envoy.service.discovery.v3;

/** Field 2, length-delimited: `resources` of the response. */
const RESOURCES_TAG = 0x12;

interface Watch {
  /** Everything, or only the names. */
  wildcard: boolean;
  readonly names: Set<string>;
  /** Versions by name that the client has, or was just sent. */
  readonly known: Map<string, string>;
}

export class DeltaAnswers implements Answers<DeltaRequest> {
  private readonly watches = new Map<string, Watch>();
  private nonces = 0;

  subscribe(request: DeltaRequest, first: boolean): boolean {
    const { typeUrl, subscribe = [], unsubscribe = [], initialResourceVersions = {} } = request;
    let watch = this.watches.get(typeUrl);
    if (!watch) {
      const wildcard = subscribe.length === 0;
      watch = { wildcard, names: new Set(), known: new Map(Object.entries(initialResourceVersions)) };
      this.watches.set(typeUrl, watch);
    }
    for (const name of unsubscribe) {
      if (name === '*') watch.wildcard = false;
      else watch.names.delete(name);
    }
    for (const name of subscribe) {
      if (name === '*') watch.wildcard = true;
      else watch.names.add(name);
      // What is asked for again is sent again, except what the client said it still has.
      if (!first) watch.known.delete(name);
    }
    // Of what it no longer asks for, the client forgets by itself.
    if (!watch.wildcard)
      for (const name of watch.known.keys()) if (!watch.names.has(name)) watch.known.delete(name);
    return first || subscribe.length > 0;
  }

  next(typeUrl: string, view: View | undefined, due: boolean): Answer | undefined {
    const watch = this.watches.get(typeUrl)!;
    const pieces: Buffer[] = [];
    for (const [name, part] of view?.parts ?? []) {
      if (!watch.wildcard && !watch.names.has(name)) continue;
      if (watch.known.get(name) === part.version) continue;
      watch.known.set(name, part.version);
      pieces.push(framed(part), part.bytes);
    }
    const removed = new Set<string>();
    for (const name of watch.known.keys()) if (!view?.parts.has(name)) removed.add(name);
    for (const name of removed) watch.known.delete(name);
    // A name that is asked for and does not exist is answered as removed.
    if (due) for (const name of watch.names) if (!view?.parts.has(name)) removed.add(name);
    if (!due && pieces.length === 0 && removed.size === 0) return undefined;
    const version = view?.version ?? NOTHING;
    const nonce = String(++this.nonces);
    const removedResources = [...removed];
    const message = { typeUrl, systemVersionInfo: version, nonce, removedResources };
    pieces.push(Buffer.from(DeltaDiscoveryResponse.encode(message).finish()));
    return { pieces, version, nonce, resources: (pieces.length - 1) / 2 };
  }
}

/** The beginning of a Resource as field 2 of the response; the part's bytes, its own field 2, complete it. */
function framed({ name, version, bytes }: Part): Buffer {
  const head = Resource.encode({ name, version }).finish();
  const frame = Writer.create()
    .uint32(RESOURCES_TAG)
    .uint32(head.length + bytes.length)
    .finish();
  return Buffer.concat([frame, head]);
}
