/** Everything that is served at one moment, encoded once for all clients. */

import { pb } from '../../xds';
import type { ServedEntry, ServedSidecar, ServedSnapshot } from '../model';
import { SIDECAR } from './kind';
import { contentHash, encodeResource } from './resource';

/** A label of Istio's: the resource is for control planes of this revision only. */
const REVISION_LABEL = 'istio.io/rev';

/** One name in so many begins a block. */
const BLOCK_OF = 64;

type Served = ServedEntry | ServedSidecar;

export interface Part {
  readonly name: string;
  readonly entry: Served;
  readonly version: string;
  /** As field 2 of the message around it; see EncodedResource. Shares the block's memory. */
  readonly bytes: Buffer;
}

/**
 * Consecutive resources in one buffer. Where blocks begin depends on the names alone, so that a change makes one block
 * anew, whatever comes and goes elsewhere; all other bytes are those that went out before.
 */
interface Block {
  readonly parts: readonly Part[];
  readonly bytes: Buffer;
  readonly version: string;
}

/** What clients of one revision see. Immutable. */
export class View {
  private readonly responses = new Map<string, readonly Buffer[]>();

  constructor(
    /** Hash over names and versions: equal content is the same version everywhere. */
    readonly version: string,
    readonly parts: ReadonlyMap<string, Part>,
    readonly blocks: readonly Block[],
  ) {}

  /** The DiscoveryResponse in pieces, which all streams share; its nonce is the version. */
  response(typeUrl: string): readonly Buffer[] {
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
      response = [...this.blocks.map(({ bytes }) => bytes), Buffer.from(tail)];
      this.responses.set(typeUrl, response);
    }
    return response;
  }
}

export class Rendering {
  private readonly filtered = new Map<string, View>();

  private constructor(
    private readonly whole: View,
    /** Revisions that some resource names. */
    private readonly revisions: ReadonlySet<string>,
    /** Undefined: none are made; a view of nothing is none either, but an answer. */
    private readonly sidecars: View | undefined,
  ) {}

  /** Entries that are the same object as in the one before are not encoded again. */
  static of({ entries, sidecars }: ServedSnapshot, before?: Rendering): Rendering {
    const revisions = new Set<string>();
    for (const { labels } of entries.values()) {
      const revision = labels[REVISION_LABEL];
      if (revision !== undefined) revisions.add(revision);
    }
    const ofSidecars = sidecars ? viewOf(itemsOf(sidecars, before?.sidecars), before?.sidecars) : undefined;
    return new Rendering(viewOf(itemsOf(entries, before?.whole), before?.whole), revisions, ofSidecars);
  }

  /** Over both kinds. */
  get version(): string {
    return this.sidecars ? `${this.whole.version} ${this.sidecars.version}` : this.whole.version;
  }

  /** Resources over all revisions. */
  get size(): number {
    return this.whole.parts.size;
  }

  /** What a control plane of the revision takes: what names this revision or none. */
  view(revision: string): View;
  /** Of another kind than ServiceEntries; undefined: there is nothing. */
  view(revision: string, kind: string): View | undefined;
  view(revision: string, kind?: string): View | undefined {
    if (kind === SIDECAR) return this.sidecars;
    if (this.revisions.size === 0) return this.whole;
    const key = this.revisions.has(revision) ? revision : '';
    let view = this.filtered.get(key);
    if (!view) {
      const wanted = [...this.whole.parts.values()].filter(
        ({ entry }) => (entry.labels[REVISION_LABEL] ?? revision) === revision,
      );
      const items = wanted.map((part) => ({ name: part.name, entry: part.entry, part }));
      view = viewOf(items, this.whole);
      this.filtered.set(key, view);
    }
    return view;
  }
}

/** What is to stand in a block; with its part when that was encoded before. */
interface Item {
  readonly name: string;
  readonly entry: Served;
  readonly part: Part | undefined;
}

function itemsOf(served: ReadonlyMap<string, Served>, before: View | undefined): Item[] {
  const items: Item[] = [];
  for (const [name, entry] of served) {
    const part = before?.parts.get(name);
    items.push({ name, entry, part: part?.entry === entry ? part : undefined });
  }
  return items;
}

/** `before`: its blocks are taken over where they hold the very same parts. */
function viewOf(items: readonly Item[], before: View | undefined): View {
  const usable = new Map(before?.blocks.map((block) => [block.parts[0]!.name, block]));
  const blocks: Block[] = [];
  for (let start = 0; start < items.length; ) {
    let end = start + 1;
    while (end < items.length && !beginsBlock(items[end]!.name)) end++;
    blocks.push(blockOf(items.slice(start, end), usable.get(items[start]!.name)));
    start = end;
  }
  const byName = new Map<string, Part>();
  for (const block of blocks) for (const part of block.parts) byName.set(part.name, part);
  return new View(contentHash(...blocks.map(({ version }) => version)), byName, blocks);
}

/** Encodes what is new in it, block by block, so that what encoding leaves behind is little at any time. */
function blockOf(items: readonly Item[], known: Block | undefined): Block {
  if (known?.parts.length === items.length && items.every(({ part }, i) => part === known.parts[i]))
    return known;
  const encoded = items.map(({ entry, part }) => part ?? encodeResource(entry));
  // Of its own, not from the pool: what is kept is these bytes and no others.
  const room = Buffer.allocUnsafeSlow(encoded.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let at = 0;
  const parts = items.map(({ name, entry }, i) => {
    const { version, bytes } = encoded[i]!;
    room.set(bytes, at);
    const own = { name, entry, version, bytes: room.subarray(at, at + bytes.length) };
    at += bytes.length;
    return own;
  });
  const version = contentHash(...parts.map((part) => `${part.name} ${part.version}\n`));
  return { parts, bytes: room, version };
}

/** FNV-1a. */
function beginsBlock(name: string): boolean {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % BLOCK_OF === 0;
}
