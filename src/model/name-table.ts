import { hashName } from './name-hash';

const SLOT_WORDS = 2;
const SEED = 0x9e3779b9;

/**
 * Who has a name, without keeping the names: ten thousand services have sixty thousand, and as strings they are
 * 10 MB. Holds hashes; whether an owner of that hash really has the name is for the caller to say.
 */
export class NameTable {
  /** Open-addressed pairs of hash and owner + 1; owner 0 in a slot means it is empty. Length is a power of two. */
  #slots = new Uint32Array(8 * SLOT_WORDS);
  #count = 0;

  /** `owner`: an integer from 0. */
  add(name: string, owner: number): void {
    const capacity = this.#slots.length / SLOT_WORDS;
    if ((this.#count + 1) * 2 > capacity) this.#grow(capacity * 2);
    if (insert(this.#slots, hashName(name, SEED), owner + 1)) this.#count++;
  }

  /** The first added owner for which `has` is true, among few. */
  find(name: string, has: (owner: number) => boolean): number | undefined {
    const slots = this.#slots;
    const mask = slots.length / SLOT_WORDS - 1;
    const hash = hashName(name, SEED);
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const mark = slots[slot * SLOT_WORDS + 1]!;
      if (mark === 0) return undefined;
      if (slots[slot * SLOT_WORDS] === hash && has(mark - 1)) return mark - 1;
    }
  }

  #grow(capacity: number): void {
    const former = this.#slots;
    const mask = former.length / SLOT_WORDS - 1;
    this.#slots = new Uint32Array(capacity * SLOT_WORDS);
    let start = 0;
    while (former[start * SLOT_WORDS + 1] !== 0) start++;
    // From an empty slot on: owners of one hash keep their order, also where their run goes around the end.
    for (let i = 1; i <= mask; i++) {
      const at = ((start + i) & mask) * SLOT_WORDS;
      if (former[at + 1] !== 0) insert(this.#slots, former[at]!, former[at + 1]!);
    }
  }
}

/** False if it was there. */
function insert(slots: Uint32Array, hash: number, mark: number): boolean {
  const mask = slots.length / SLOT_WORDS - 1;
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const at = slot * SLOT_WORDS;
    if (slots[at + 1] === 0) {
      slots[at] = hash;
      slots[at + 1] = mark;
      return true;
    }
    if (slots[at] === hash && slots[at + 1] === mark) return false;
  }
}
