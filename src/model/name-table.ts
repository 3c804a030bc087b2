import { GrowingSlots, SLOT_WORDS, slotHash } from './slots';

/**
 * Who has a name, without keeping the names: ten thousand services have sixty thousand, and as strings they are
 * 10 MB. Holds hashes; whether an owner of that hash really has the name is for the caller to say.
 */
export class NameTable {
  /** The mark is the owner + 1. */
  readonly #slots = new GrowingSlots();

  /** `owner`: an integer from 0. */
  add(name: string, owner: number): void {
    this.#slots.add(owner + 1, slotHash(name));
  }

  /** The first added owner for which `has` is true, among few. */
  find(name: string, has: (owner: number) => boolean): number | undefined {
    const { words } = this.#slots;
    const mask = words.length / SLOT_WORDS - 1;
    const hash = slotHash(name);
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const mark = words[slot * SLOT_WORDS]!;
      if (mark === 0) return undefined;
      if (words[slot * SLOT_WORDS + 1] === hash && has(mark - 1)) return mark - 1;
    }
  }
}
