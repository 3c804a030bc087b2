/** Draws one of several by weight: `weights` are relative to their sum. Entries without weight are never drawn. */
export class WeightedChoice {
  private readonly upTo: readonly number[];
  private readonly total: number;

  constructor(weights: readonly number[]) {
    let sum = 0;
    this.upTo = weights.map((weight) => {
      sum += Math.max(weight, 0);
      return sum;
    });
    this.total = sum;
  }

  /** Index of the drawn entry; -1 when no entry has weight. `random` is uniform in [0, 1). */
  draw(random: () => number): number {
    const { upTo } = this;
    if (upTo.length === 1) return this.total > 0 ? 0 : -1;
    const point = random() * this.total;
    for (let i = 0; i < upTo.length; i++) if (point < (upTo[i] as number)) return i;
    return -1;
  }
}
