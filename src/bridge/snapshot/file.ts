/** The last known state in one file: whole or not at all, with a checksum, never larger than allowed. */

import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { jsonChunks } from './json-chunks';

/** The last line of the file, about what stands before it. */
interface Trailer {
  readonly sha256: string;
  /** Milliseconds since the epoch. */
  readonly writtenAt: number;
}

/** Longer than any trailer. */
const TRAILER_BYTES = 512;

export type ReadSnapshot =
  | { readonly kind: 'read'; readonly value: unknown; readonly writtenAt: number; readonly bytes: number }
  /** There is no such file: the first start. */
  | { readonly kind: 'none' }
  /** One sentence. */
  | { readonly kind: 'unusable'; readonly reason: string };

/** Never rejects. */
export async function readSnapshot(file: string, maxBytes: number): Promise<ReadSnapshot> {
  try {
    const { size } = await stat(file);
    if (size > maxBytes)
      return unusable(file, `it has ${size} bytes, more than snapshot.maxBytes (${maxBytes})`);
    const bytes = await readFile(file);
    const end = bytes.lastIndexOf('\n', bytes.length - 2);
    if (end < 0 || bytes.length - end > TRAILER_BYTES) return unusable(file, 'it is cut off');
    const trailer = JSON.parse(bytes.toString('utf8', end + 1)) as Trailer;
    const payload = bytes.subarray(0, end);
    if (createHash('sha256').update(payload).digest('hex') !== trailer.sha256)
      return unusable(file, 'its checksum is wrong');
    const value: unknown = JSON.parse(payload.toString('utf8'));
    return { kind: 'read', value, writtenAt: trailer.writtenAt, bytes: size };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? { kind: 'none' } : unusable(file, code ?? message);
  }
}

function unusable(file: string, why: string): ReadSnapshot {
  return { kind: 'unusable', reason: `the snapshot ${file} cannot be used: ${why}` };
}

/**
 * Replaces the file in one step; gives its size. Rejects with one sentence and leaves the file from before when the
 * state is too large or the disk refuses. Other work of the process goes on between the pieces.
 */
export async function writeSnapshot(
  file: string,
  value: unknown,
  maxBytes: number,
  now: number,
): Promise<number> {
  const unfinished = `${file}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(unfinished, 'w', 0o600);
    try {
      const size = await writeAll(handle, value, maxBytes, now);
      await handle.sync();
      await handle.close();
      await rename(unfinished, file);
      return size;
    } finally {
      // Closing again what is closed is no error.
      await handle.close();
    }
  } catch (error) {
    // A leftover is overwritten by the next try; the failure to report is the one that brought us here.
    await Promise.allSettled([rm(unfinished, { force: true })]);
    throw new Error(`cannot write the snapshot ${file}: ${(error as Error).message}`);
  }
}

interface Target {
  write(data: Buffer): Promise<unknown>;
}

async function writeAll(target: Target, value: unknown, maxBytes: number, now: number): Promise<number> {
  const hash = createHash('sha256');
  let size = 0;
  for (const chunk of jsonChunks(value)) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size + TRAILER_BYTES > maxBytes) throw new Error(`it is larger than snapshot.maxBytes (${maxBytes})`);
    hash.update(bytes);
    await target.write(bytes);
    await setImmediate();
  }
  const trailer: Trailer = { sha256: hash.digest('hex'), writtenAt: now };
  const end = Buffer.from(`\n${JSON.stringify(trailer)}\n`);
  await target.write(end);
  return size + end.length;
}
