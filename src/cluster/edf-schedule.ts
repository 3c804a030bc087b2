/**
 * Earliest deadline first: weighted round robin as Envoy does it. An entry of weight 3 comes up three times as often
 * as one of weight 1, evenly spread, exactly from the first pick. A pick costs O(log n).
 */
export class EdfSchedule<T> {
  private readonly heap: { value: T; deadline: number; order: number }[] = [];
  private order = 0;

  /** `weightOf` is asked again at each pick, so that weights may follow load; weights below or at 0 never come up. */
  constructor(
    values: readonly T[],
    private readonly weightOf: (value: T) => number,
  ) {
    for (const value of values) {
      const weight = weightOf(value);
      if (weight > 0) this.heap.push({ value, deadline: 1 / weight, order: this.order++ });
    }
    for (let at = (this.heap.length >> 1) - 1; at >= 0; at--) this.siftDown(at);
  }

  get size(): number {
    return this.heap.length;
  }

  pick(): T | undefined {
    const first = this.heap[0];
    if (first === undefined) return undefined;
    const weight = this.weightOf(first.value);
    first.deadline += 1 / (weight > 0 ? weight : Number.MIN_VALUE);
    first.order = this.order++;
    this.siftDown(0);
    return first.value;
  }

  private siftDown(from: number): void {
    const { heap } = this;
    const moved = heap[from] as (typeof heap)[number];
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && comesBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!comesBefore(heap[child]!, moved)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moved;
  }
}

interface Ordered {
  readonly deadline: number;
  readonly order: number;
}

function comesBefore(a: Ordered, b: Ordered): boolean {
  return a.deadline < b.deadline || (a.deadline === b.deadline && a.order < b.order);
}
