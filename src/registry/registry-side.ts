/** What the registry has said of one service: which addresses, and which it has taken back. */

import type { Side } from './modes';

const NONE: ReadonlySet<string> = new Set();
/** Without a mesh nothing says when to forget them. */
const MOST_TAKEN_BACK = 1_000;

export class RegistrySide {
  #known = false;
  #addresses: ReadonlySet<string> = NONE;
  #out: ReadonlySet<string> = NONE;
  readonly #takenBack = new Set<string>();
  #emptySince: number | undefined;
  #downSince: number | undefined;

  /** `forgets`: the registry's memory does not outlive its process. */
  constructor(private readonly forgets = true) {}

  /**
   * A true answer of the registry. `addresses`: `ip:port` of all its records, whatever their state. `out`: of what is
   * registered, but not among the records since it is out of service.
   */
  heard(addresses: readonly string[], now: number, out: ReadonlySet<string> = NONE): void {
    const heard = new Set(addresses);
    this.#noteTakenBack(heard, out);
    this.#known = true;
    this.#downSince = undefined;
    this.#addresses = heard;
    this.#out = out;
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
  #noteTakenBack(heard: ReadonlySet<string>, out: ReadonlySet<string>): void {
    const former = [...this.#addresses, ...this.#out];
    const lostAll = this.forgets && heard.size + out.size === 0 && former.length > 1;
    for (const key of former) if (!heard.has(key) && !lostAll) this.#takenBack.add(key);
    for (const key of heard) this.#takenBack.delete(key);
    while (this.#takenBack.size > MOST_TAKEN_BACK) this.#takenBack.delete(first(this.#takenBack));
  }

  /** The mesh has these, for sure. What was taken back and is not there may come again, as another instance. */
  meshHas(instances: readonly { readonly key: string }[]): void {
    if (this.#takenBack.size === 0) return;
    const keys = new Set(instances.map(({ key }) => key));
    for (const key of this.#takenBack) if (!keys.has(key)) this.#takenBack.delete(key);
  }

  /** False for what only the registry may say something of. */
  mayAdd(key: string): boolean {
    return !this.#addresses.has(key) && !this.#out.has(key) && !this.#takenBack.has(key);
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

function first(keys: ReadonlySet<string>): string {
  return keys.values().next().value as string;
}
