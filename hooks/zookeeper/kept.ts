/** A thing that is kept, and where; negative: not any more. */
export interface Place<T> {
  readonly value: T;
  at: number;
}

/** Things that come and go all the time, in no order. A Set is made anew with every few that have come. */
export class Kept<T> {
  readonly #places: Place<T>[] = [];

  add(value: T): Place<T> {
    const place = { value, at: this.#places.length };
    this.#places.push(place);
    return place;
  }

  /** Nothing happens where it has been taken already. */
  remove(place: Place<T>): void {
    const { at } = place;
    if (at < 0) return;
    place.at = -1;
    const last = this.#places.pop()!;
    if (last === place) return;
    last.at = at;
    this.#places[at] = last;
  }

  takeAll(): T[] {
    const places = this.#places.splice(0);
    for (const place of places) place.at = -1;
    return places.map(({ value }) => value);
  }
}
