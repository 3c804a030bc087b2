/** What a node holds, where what is gone stays until it has been gone for a while. */

interface Kept<V> {
  readonly value: V;
  /** When it is forgotten, ms; undefined: it is there. */
  readonly until: number | undefined;
}

export class Held<V> {
  private kept = new Map<string, Kept<V>>();

  /** Takes what is there now. What was there before stays until `until` (ms), or an earlier time that it already has. */
  set(fresh: ReadonlyMap<string, V>, until: number): void {
    const next = new Map<string, Kept<V>>();
    for (const [key, value] of fresh) next.set(key, { value, until: undefined });
    for (const [key, old] of this.kept)
      if (!next.has(key)) next.set(key, { value: old.value, until: Math.min(old.until ?? until, until) });
    this.kept = next;
  }

  /** Forgets what has been gone long enough and gives it. */
  expire(now: number): Map<string, V> {
    const gone = new Map<string, V>();
    for (const [key, { value, until }] of this.kept) {
      if (until === undefined || until > now) continue;
      gone.set(key, value);
      this.kept.delete(key);
    }
    return gone;
  }

  /** The next time at which something is to be forgotten; undefined: nothing is. */
  get next(): number | undefined {
    let next: number | undefined;
    for (const { until } of this.kept.values())
      if (until !== undefined && (next === undefined || until < next)) next = until;
    return next;
  }

  get(key: string): V | undefined {
    return this.kept.get(key)?.value;
  }

  keys(): string[] {
    return [...this.kept.keys()];
  }

  values(): V[] {
    return [...this.kept.values()].map(({ value }) => value);
  }
}
