import { hashName } from './name-hash';

/** Open-addressed pairs of a mark, 0 in an empty slot, and a hash, which says where to look first. */
export const SLOT_WORDS = 2;

const SEED = 0x9e3779b9;

/** The word that a name is found by. */
export function slotHash(name: string): number {
  return hashName(name, SEED);
}

/** Pairs, added one by one; the number of slots is a power of two, and at most half of them are taken. */
export class GrowingSlots {
  words = new Uint32Array(8 * SLOT_WORDS);
  #count = 0;

  /** A pair that is there is not added again. `mark` is not 0. */
  add(mark: number, hash: number): void {
    if (!insert(this.words, mark, hash)) return;
    this.#count++;
    if (this.#count * 2 * SLOT_WORDS > this.words.length) this.#grow();
  }

  #grow(): void {
    const former = this.words;
    this.words = new Uint32Array(former.length * 2);
    let empty = 0;
    while (former[empty] !== 0) empty += SLOT_WORDS;
    // From an empty slot on: pairs of one hash keep their order, also where their run goes around the end.
    for (let i = SLOT_WORDS; i < former.length; i += SLOT_WORDS) {
      const at = (empty + i) & (former.length - 1);
      if (former[at] !== 0) insert(this.words, former[at]!, former[at + 1]!);
    }
  }
}

/** False if it was there. */
function insert(words: Uint32Array, mark: number, hash: number): boolean {
  const mask = words.length / SLOT_WORDS - 1;
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const at = slot * SLOT_WORDS;
    if (words[at] === 0) {
      words[at] = mark;
      words[at + 1] = hash;
      return true;
    }
    if (words[at] === mark && words[at + 1] === hash) return false;
  }
}
