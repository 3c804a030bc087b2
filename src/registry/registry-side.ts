/** What the registry has said of one service: which addresses, and which it has taken back. */

import type { Side } from './modes';

export class RegistrySide {
  #known = false;
  #addresses: ReadonlySet<string> = new Set();
  readonly #takenBack = new Set<string>();
  #emptySince: number | undefined;
  #downSince: number | undefined;

  /** A true answer of the registry. `addresses`: `ip:port` of all its records, whatever their state. */
  heard(addresses: readonly string[], now: number): void {
    const heard = new Set(addresses);
    this.#noteTakenBack(heard);
    this.#known = true;
    this.#downSince = undefined;
    this.#addresses = heard;
    this.#emptySince = heard.size > 0 ? undefined : (this.#emptySince ?? now);
  }

  /** The registry could not be asked. */
  failed(now: number): void {
    this.#downSince ??= now;
  }

  /**
   * What the registry listed and lists no more was deregistered, disabled, or found ill: the mesh, which may be late
   * or fed by the same registry, must not bring it back. Where all of several vanish at once the registry has lost
   * its memory, as at a restart, and has said nothing of them.
   */
  #noteTakenBack(heard: ReadonlySet<string>): void {
    const lostAll = heard.size === 0 && this.#addresses.size > 1;
    for (const key of this.#addresses) if (!heard.has(key) && !lostAll) this.#takenBack.add(key);
    for (const key of heard) this.#takenBack.delete(key);
  }

  /** The mesh no longer has what was taken back: should it come again there, it is another instance. */
  meshHas(instances: readonly { readonly key: string }[]): void {
    if (this.#takenBack.size === 0) return;
    const keys = new Set(instances.map(({ key }) => key));
    for (const key of this.#takenBack) if (!keys.has(key)) this.#takenBack.delete(key);
  }

  /** False for what only the registry may say something of. */
  mayAdd(key: string): boolean {
    return !this.#addresses.has(key) && !this.#takenBack.has(key);
  }

  get side(): Side {
    return {
      known: this.#known,
      size: this.#addresses.size,
      ...(this.#emptySince === undefined ? {} : { emptySince: this.#emptySince }),
      ...(this.#downSince === undefined ? {} : { downSince: this.#downSince }),
    };
  }
}
