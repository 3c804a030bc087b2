/** Everything that is served at one moment, encoded once for all clients. */

import { createHash } from 'node:crypto';
import { pb } from '../../xds';
import type { ServedEntry, ServedSnapshot } from '../model';
import { encodeResource } from './resource';

/** A label of Istio's: the resource is for control planes of this revision only. */
const REVISION_LABEL = 'istio.io/rev';

/** Room behind the resources for the rest of the first response that is made. */
const TAIL_ROOM = 256;

interface Part {
  readonly entry: ServedEntry;
  readonly version: string;
  /** Into the rendering's bytes. */
  readonly start: number;
  readonly end: number;
}

/** What clients of one revision see. Immutable. */
export class View {
  private readonly responses = new Map<string, Buffer>();
  private tailIsFree = true;

  constructor(
    /** Hash over names and versions: equal content is the same version everywhere. */
    readonly version: string,
    readonly parts: ReadonlyMap<string, Part>,
    /** `room` with the resources in its first `length` bytes. */
    private readonly room: Buffer,
    private readonly length: number,
  ) {}

  /** The whole DiscoveryResponse; its nonce is the version. One buffer, shared by every stream that sends it. */
  response(typeUrl: string): Buffer {
    let response = this.responses.get(typeUrl);
    if (!response) {
      const { version } = this;
      const message = {
        typeUrl,
        versionInfo: version,
        nonce: version,
        controlPlane: { identifier: 'inmesh' },
      };
      // Fields may come in any order: what differs between responses goes behind the resources.
      const tail = pb.envoy.service.discovery.v3.DiscoveryResponse.encode(message).finish();
      response = this.join(tail);
      this.responses.set(typeUrl, response);
    }
    return response;
  }

  /** One resource as field 2 of the message around it; see EncodedResource. Shares memory. */
  resource(part: Part): Buffer {
    return this.room.subarray(part.start, part.end);
  }

  private join(tail: Uint8Array): Buffer {
    const { room, length } = this;
    if (this.tailIsFree && length + tail.length <= room.length) {
      this.tailIsFree = false;
      room.set(tail, length);
      return room.subarray(0, length + tail.length);
    }
    return Buffer.concat([room.subarray(0, length), tail]);
  }
}

export class Rendering {
  private readonly filtered = new Map<string, View>();

  private constructor(
    private readonly whole: View,
    /** Revisions that some resource names. */
    private readonly revisions: ReadonlySet<string>,
  ) {}

  /** Entries that are the same object as in the one before are not encoded again. */
  static of(snapshot: ServedSnapshot, before?: Rendering): Rendering {
    const chunks: Uint8Array[] = [];
    const parts = new Map<string, Part>();
    const revisions = new Set<string>();
    let end = 0;
    for (const [name, entry] of snapshot.entries) {
      const known = before?.whole.parts.get(name);
      const same = known?.entry === entry;
      const { version, bytes } = same
        ? { version: known.version, bytes: before!.whole.resource(known) }
        : encodeResource(entry);
      const revision = entry.labels[REVISION_LABEL];
      if (revision !== undefined) revisions.add(revision);
      chunks.push(bytes);
      parts.set(name, { entry, version, start: end, end: end + bytes.length });
      end += bytes.length;
    }
    return new Rendering(viewOf(parts, chunks, end), revisions);
  }

  get version(): string {
    return this.whole.version;
  }

  /** Resources over all revisions. */
  get size(): number {
    return this.whole.parts.size;
  }

  /** What a control plane of the revision takes: what names this revision or none. */
  view(revision: string): View {
    if (this.revisions.size === 0) return this.whole;
    const key = this.revisions.has(revision) ? revision : '';
    let view = this.filtered.get(key);
    if (!view) {
      view = this.filter(revision);
      this.filtered.set(key, view);
    }
    return view;
  }

  private filter(revision: string): View {
    const chunks: Uint8Array[] = [];
    const parts = new Map<string, Part>();
    let end = 0;
    for (const [name, part] of this.whole.parts) {
      const wanted = part.entry.labels[REVISION_LABEL] ?? revision;
      if (wanted !== revision) continue;
      const bytes = this.whole.resource(part);
      chunks.push(bytes);
      parts.set(name, { ...part, start: end, end: end + bytes.length });
      end += bytes.length;
    }
    return viewOf(parts, chunks, end);
  }
}

function viewOf(parts: ReadonlyMap<string, Part>, chunks: readonly Uint8Array[], length: number): View {
  // Not from the pool, and each resource's bytes point into it from now on: one copy of everything is kept.
  const room = Buffer.allocUnsafeSlow(length + TAIL_ROOM);
  let at = 0;
  for (const chunk of chunks) {
    room.set(chunk, at);
    at += chunk.length;
  }
  const hash = createHash('sha256');
  for (const [name, { version }] of parts) hash.update(`${name} ${version}\n`);
  return new View(hash.digest('base64url').slice(0, 16), parts, room, length);
}
