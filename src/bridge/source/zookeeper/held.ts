/** What a node holds, where what is gone stays until it has been gone for a while. */

interface Gone<V> {
  readonly value: V;
  /** When it is forgotten, ms. */
  readonly until: number;
}

export class Held<V> {
  private there: ReadonlyMap<string, V> = new Map();
  private readonly gone = new Map<string, Gone<V>>();

  /**
   * Takes what is there now, which must not change any more. What was there before stays until `until` (ms), or an
   * earlier time that it already has.
   */
  set(fresh: ReadonlyMap<string, V>, until: number): void {
    for (const key of this.gone.keys()) if (fresh.has(key)) this.gone.delete(key);
    for (const [key, value] of this.there) if (!fresh.has(key)) this.gone.set(key, { value, until });
    this.there = fresh;
  }

  /** Forgets what has been gone long enough and gives it. */
  expire(now: number): Map<string, V> {
    const forgotten = new Map<string, V>();
    for (const [key, { value, until }] of this.gone) {
      if (until > now) continue;
      forgotten.set(key, value);
      this.gone.delete(key);
    }
    return forgotten;
  }

  /** The next time at which something is to be forgotten; undefined: nothing is. */
  get next(): number | undefined {
    let next: number | undefined;
    for (const { until } of this.gone.values()) if (next === undefined || until < next) next = until;
    return next;
  }

  get(key: string): V | undefined {
    return this.there.get(key) ?? this.gone.get(key)?.value;
  }

  keys(): string[] {
    return [...this.there.keys(), ...this.gone.keys()];
  }

  values(): V[] {
    const values = [...this.there.values()];
    for (const { value } of this.gone.values()) values.push(value);
    return values;
  }
}
