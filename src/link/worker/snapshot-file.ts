import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { HostIndexData } from '../../model';

/** What a process needs to route while the control plane is away. */
export interface Snapshot {
  /** Of whom, from whom: another one's snapshot is ignored. */
  readonly identity: string;
  /** Milliseconds since 1970. */
  readonly savedAt: number;
  readonly clusters: readonly NamedBytes[];
  readonly assignments: readonly NamedBytes[];
  readonly routes: readonly SavedRoutes[];
}

export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface SavedRoutes {
  readonly port: number;
  readonly index: HostIndexData;
  readonly virtualHosts: readonly NamedBytes[];
}

const MAGIC = Buffer.from('inmesh snapshot 2\n');
const DIGEST_BYTES = 32;
/** A snapshot holds what one process uses; more is a defect, and not worth the application's disk. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Head of the file: everything but bytes, which follow in the order they are named here. */
interface Head extends Pick<Snapshot, 'identity' | 'savedAt'> {
  readonly clusters: readonly Length[];
  readonly assignments: readonly Length[];
  readonly routes: readonly {
    readonly port: number;
    readonly index: Omit<HostIndexData, 'slots'> & { readonly slotBytes: number };
    readonly virtualHosts: readonly Length[];
  }[];
}

interface Length {
  readonly name: string;
  readonly length: number;
}

/** Replaces the file whole or not at all; readable by its owner only. Throws on I/O errors and above 32 MiB. */
export function writeSnapshot(file: string, snapshot: Snapshot): void {
  const parts: Uint8Array[] = [];
  const measured = ({ name, bytes }: NamedBytes): Length => {
    parts.push(bytes);
    return { name, length: bytes.length };
  };
  const head: Head = {
    identity: snapshot.identity,
    savedAt: snapshot.savedAt,
    clusters: snapshot.clusters.map(measured),
    assignments: snapshot.assignments.map(measured),
    routes: snapshot.routes.map(({ port, index: { slots, ...rest }, virtualHosts }) => {
      parts.push(new Uint8Array(slots.buffer, slots.byteOffset, slots.byteLength));
      return {
        port,
        index: { ...rest, slotBytes: slots.byteLength },
        virtualHosts: virtualHosts.map(measured),
      };
    }),
  };
  const json = Buffer.from(JSON.stringify(head));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(json.length);
  const body = Buffer.concat([size, json, ...parts]);
  if (body.length > MOST_BYTES)
    throw new Error(`it would have ${body.length} bytes, more than ${MOST_BYTES}`);
  const digest = createHash('sha256').update(body).digest();
  const temporary = `${file}.${process.pid}.tmp`;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(temporary, Buffer.concat([MAGIC, digest, body]), { mode: 0o600 });
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Undefined if there is no such file. Throws, saying what is wrong, if it cannot be used. */
export function readSnapshot(file: string): Snapshot | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (stat.size > MOST_BYTES + 1024) throw new Error(`it has ${stat.size} bytes, more than ${MOST_BYTES}`);
  const all = readFileSync(file);
  const bodyAt = MAGIC.length + DIGEST_BYTES;
  if (all.length < bodyAt + 4 || Buffer.compare(all.subarray(0, MAGIC.length), MAGIC) !== 0) {
    throw new Error('it is no snapshot of this format');
  }
  const body = all.subarray(bodyAt);
  const digest = createHash('sha256').update(body).digest();
  if (Buffer.compare(all.subarray(MAGIC.length, bodyAt), digest) !== 0) {
    throw new Error('its checksum does not match');
  }
  return readBody(body);
}

function readBody(body: Buffer): Snapshot {
  const jsonEnd = 4 + body.readUInt32LE(0);
  const head = JSON.parse(body.toString('utf8', 4, jsonEnd)) as Head;
  let at = jsonEnd;
  const take = (length: number): Uint8Array => {
    if (at + length > body.length) throw new Error('it is shorter than it says');
    at += length;
    return body.subarray(at - length, at);
  };
  const named = ({ name, length }: Length): NamedBytes => ({ name, bytes: take(length) });
  return {
    identity: head.identity,
    savedAt: head.savedAt,
    clusters: head.clusters.map(named),
    assignments: head.assignments.map(named),
    routes: head.routes.map(({ port, index: { slotBytes, ...rest }, virtualHosts }) => {
      const slots = new Uint32Array(new SharedArrayBuffer(slotBytes));
      new Uint8Array(slots.buffer).set(take(slotBytes));
      return { port, index: { ...rest, slots }, virtualHosts: virtualHosts.map(named) };
    }),
  };
}
