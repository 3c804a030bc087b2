import { decodeCluster } from '../../xds';
import { KeptBytes } from './kept-bytes';
import { parseOutbound } from './names';

/** CDS as bytes, by name. A cluster is decoded again when a host uses it: ten thousand decoded ones are 100 MB. */
export class ClusterTable {
  readonly #bytes = new KeptBytes();
  readonly #portUses = new Map<number, number>();
  /** Clusters of type ORIGINAL_DST. */
  readonly #outward = new Set<string>();

  get size(): number {
    return this.#bytes.size;
  }

  /** Ports of all outbound clusters. */
  get ports(): ReadonlySet<number> {
    return new Set(this.#portUses.keys());
  }

  hasPort(port: number): boolean {
    return this.#portUses.has(port);
  }

  get(name: string): Uint8Array | undefined {
    return this.#bytes.get(name);
  }

  has(name: string): boolean {
    return this.#bytes.has(name);
  }

  /** Returns reasons for a NACK (the former bytes stay), 'same', or 'changed'. */
  set(name: string, bytes: Uint8Array): readonly string[] | 'same' | 'changed' {
    const known = this.#bytes.get(name);
    if (known !== undefined && Buffer.compare(known, bytes) === 0) return 'same';
    const decoded = decodeCluster(bytes);
    if (!decoded.ok) return decoded.reasons;
    if (decoded.value.name !== name) return [`the resource is named "${decoded.value.name}" inside`];
    if (known === undefined) this.#countPort(name, 1);
    this.#bytes.set(name, bytes);
    if (decoded.value.discovery === 'ORIGINAL_DST') this.#outward.add(name);
    else this.#outward.delete(name);
    return 'changed';
  }

  /** Calls to it go where the application dialled. */
  leadsOut(name: string): boolean {
    return this.#outward.has(name);
  }

  delete(name: string): boolean {
    if (!this.#bytes.delete(name)) return false;
    this.#countPort(name, -1);
    this.#outward.delete(name);
    return true;
  }

  /** Call it after a response: lets go of responses that are mostly unused. */
  compact(): void {
    this.#bytes.compact();
  }

  /** All names. */
  names(): IterableIterator<string> {
    return this.#bytes.names();
  }

  #countPort(name: string, by: number): void {
    const port = parseOutbound(name)?.port;
    if (port === undefined) return;
    const uses = (this.#portUses.get(port) ?? 0) + by;
    if (uses === 0) this.#portUses.delete(port);
    else this.#portUses.set(port, uses);
  }
}
