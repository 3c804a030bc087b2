import type { Shape } from './merge';
import type { RegistryService } from './service';

/** How a merged list was made of an answer: its own records, by their place, and others. */
type Plan<T> = readonly (number | { readonly other: T })[];

/**
 * The list of a service whose client reads its records anew with each answer of its registry. Of an answer that says
 * what the one before said, while nothing else has changed either, nothing is merged again.
 */
export class AnswerList<T> {
  /** As last heard. */
  #records: readonly T[] = [];
  #keys: readonly (string | undefined)[] = [];
  #weights: readonly (number | undefined)[] = [];
  /** undefined: the answer's own list is handed out. */
  #plan: Plan<T> | undefined;
  /** Of the service, when the plan was made. */
  #revision = -1;

  constructor(
    readonly service: RegistryService,
    readonly shape: Shape<T>,
  ) {}

  /** The records that were last heard. */
  get records(): readonly T[] {
    return this.#records;
  }

  /** What to hand out in place of an answer. */
  answered(records: readonly T[]): readonly T[] {
    if (this.#revision !== this.service.revision || !this.#isAsBefore(records)) return this.#read(records);
    this.#records = records;
    return this.#plan?.map((each) => (typeof each === 'number' ? records[each]! : each.other)) ?? records;
  }

  /** Of what was last heard. */
  merged(): readonly T[] {
    return this.service.merge(this.#records, this.shape);
  }

  #read(records: readonly T[]): readonly T[] {
    const { service, shape } = this;
    this.#records = records;
    this.#keys = records.map((record) => shape.key(record));
    this.#weights = records.map((record) => shape.weight(record));
    service.heard(this.#keys.filter((key) => key !== undefined));
    const merged = this.merged();
    const places = new Map(records.map((record, place) => [record, place]));
    this.#plan = merged === records ? undefined : merged.map((each) => places.get(each) ?? { other: each });
    this.#revision = service.revision;
    return merged;
  }

  #isAsBefore(records: readonly T[]): boolean {
    if (records.length !== this.#keys.length) return false;
    for (let i = 0; i < records.length; i++) {
      const record = records[i]!;
      if (this.shape.key(record) !== this.#keys[i] || this.shape.weight(record) !== this.#weights[i])
        return false;
    }
    return true;
  }
}
