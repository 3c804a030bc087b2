/**
 * Bytes of resources that are kept for long. A first answer of ten thousand services is kept where it was received,
 * because it is all alive; copied, it would be there twice until the next full collection.
 */

/** Above the buffers that Node shares among small ones (8 to 64 KiB), which say nothing about a response. */
const LARGE_BYTES = 128 * 1024;

/** Bytes to keep: as received if they are most of the memory that they hold, else a copy. */
export function keptBytes(received: Uint8Array): Uint8Array {
  return received.byteLength * 2 >= received.buffer.byteLength ? received : Buffer.from(received);
}

/** Keeps bytes by name, and no more than about twice their size. */
export class KeptBytes {
  readonly #bytes = new Map<string, Uint8Array>();
  /** Bytes in use of received buffers that are kept as they came. */
  readonly #shared = new Map<ArrayBufferLike, number>();

  get size(): number {
    return this.#bytes.size;
  }

  get(name: string): Uint8Array | undefined {
    return this.#bytes.get(name);
  }

  has(name: string): boolean {
    return this.#bytes.has(name);
  }

  names(): IterableIterator<string> {
    return this.#bytes.keys();
  }

  /** `bytes` may share memory with the response they came with. */
  set(name: string, bytes: Uint8Array): void {
    this.delete(name);
    const large = bytes.buffer.byteLength > LARGE_BYTES;
    this.#bytes.set(name, large ? bytes : Buffer.from(bytes));
    if (large) this.#shared.set(bytes.buffer, (this.#shared.get(bytes.buffer) ?? 0) + bytes.byteLength);
  }

  delete(name: string): boolean {
    const bytes = this.#bytes.get(name);
    if (bytes === undefined) return false;
    this.#bytes.delete(name);
    const used = this.#shared.get(bytes.buffer);
    if (used !== undefined) this.#shared.set(bytes.buffer, used - bytes.byteLength);
    return true;
  }

  /** Lets go of buffers that are mostly unused. Call it after a response. */
  compact(): void {
    for (const [buffer, used] of this.#shared) {
      if (used * 2 >= buffer.byteLength) continue;
      this.#shared.delete(buffer);
      if (used === 0) continue;
      for (const [name, bytes] of this.#bytes)
        if (bytes.buffer === buffer) this.#bytes.set(name, Buffer.from(bytes));
    }
  }
}
