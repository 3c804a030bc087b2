/**
 * Who gets what when several want the same: names and virtual IPs. Everyone has a list of wishes; on a clash the one
 * who comes first in a fixed order gets it, and the other goes on to its next wish. As each slot prefers by the same
 * order, the outcome depends on who is there only, never on who came first: two replicas agree.
 */
export class Assignment<P> {
  private readonly holders = new Map<string, Placed<P>>();
  private readonly placed = new Map<P, Placed<P>>();
  /** Those that were turned away at a slot, by slot. */
  private readonly refused = new Map<string, Set<Placed<P>>>();

  constructor(
    /** Negative: `a` goes before `b`. A total order. */
    private readonly compare: (a: P, b: P) => number,
    /** The n-th wish, n from 0; undefined: it has no more. */
    private readonly wish: (proposer: P, attempt: number) => string | undefined,
  ) {}

  slotOf(proposer: P): string | undefined {
    return this.placed.get(proposer)?.slot;
  }

  holderOf(slot: string): P | undefined {
    return this.holders.get(slot)?.proposer;
  }

  /** Those whose first wish was not granted. */
  *disappointed(): Iterable<P> {
    const seen = new Set<P>();
    for (const all of this.refused.values()) for (const { proposer } of all) seen.add(proposer);
    yield* seen;
  }

  /** Adds one. Slots of which the holder changed go to `moved`, those who are left without one to `lost`. */
  add(proposer: P, moved: Set<string>, lost?: Set<P>): void {
    if (this.placed.has(proposer)) return;
    const placed: Placed<P> = { proposer, attempt: 0, slot: undefined };
    this.placed.set(proposer, placed);
    this.propose(placed, moved, lost);
  }

  remove(proposer: P, moved: Set<string>): void {
    const placed = this.placed.get(proposer);
    if (!placed) return;
    this.placed.delete(proposer);
    for (let attempt = 0; attempt < placed.attempt; attempt++) {
      const slot = this.wish(proposer, attempt);
      if (slot !== undefined) this.forget(slot, placed);
    }
    if (placed.slot !== undefined) this.vacate(placed.slot, moved);
  }

  private propose(first: Placed<P>, moved: Set<string>, lost: Set<P> | undefined): void {
    let current = first;
    for (;;) {
      const slot = this.wish(current.proposer, current.attempt);
      if (slot === undefined) {
        current.slot = undefined;
        lost?.add(current.proposer);
        return;
      }
      const holder = this.holders.get(slot);
      if (!holder || this.compare(current.proposer, holder.proposer) < 0) {
        this.holders.set(slot, current);
        current.slot = slot;
        moved.add(slot);
        if (!holder) return;
        this.turnAway(slot, holder);
        current = holder;
      } else this.turnAway(slot, current);
    }
  }

  private turnAway(slot: string, placed: Placed<P>): void {
    placed.attempt++;
    placed.slot = undefined;
    let all = this.refused.get(slot);
    if (!all) {
      all = new Set();
      this.refused.set(slot, all);
    }
    all.add(placed);
  }

  private forget(slot: string, placed: Placed<P>): void {
    const all = this.refused.get(slot);
    all?.delete(placed);
    if (all?.size === 0) this.refused.delete(slot);
  }

  /** A slot is free: the first of those that were turned away there takes it, and leaves what it had. */
  private vacate(first: string, moved: Set<string>): void {
    let slot: string | undefined = first;
    while (slot !== undefined) {
      this.holders.delete(slot);
      moved.add(slot);
      const next = this.heir(slot);
      if (!next) return;
      const left: string | undefined = next.slot;
      this.rewind(next, slot);
      next.slot = slot;
      this.holders.set(slot, next);
      slot = left;
    }
  }

  /** Back to the first attempt at a slot: all wishes after it are open again. A list of wishes may repeat itself. */
  private rewind(placed: Placed<P>, slot: string): void {
    const { proposer, attempt: last } = placed;
    placed.attempt = 0;
    while (this.wish(proposer, placed.attempt) !== slot) placed.attempt++;
    // Those before it, which may be the same slots, are still refused.
    const before = new Set<string | undefined>();
    for (let attempt = 0; attempt < placed.attempt; attempt++) before.add(this.wish(proposer, attempt));
    for (let attempt = placed.attempt; attempt < last; attempt++) {
      const open = this.wish(proposer, attempt)!;
      if (!before.has(open)) this.forget(open, placed);
    }
  }

  private heir(slot: string): Placed<P> | undefined {
    let best: Placed<P> | undefined;
    for (const each of this.refused.get(slot) ?? [])
      if (!best || this.compare(each.proposer, best.proposer) < 0) best = each;
    return best;
  }
}

interface Placed<P> {
  readonly proposer: P;
  attempt: number;
  slot: string | undefined;
}
