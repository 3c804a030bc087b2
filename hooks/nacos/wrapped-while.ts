import { replace } from '../http/wrap';

type Method = (this: never, ...args: never[]) => unknown;

/**
 * A method that is wrapped only while somebody needs it: without, V8 makes of the client's whole look-up what it makes
 * of it without us, which no wrapper lets it, however little that does.
 */
export class WrappedWhile<K extends string> {
  readonly #needed = new Set<object>();
  #original: Method | undefined;
  #wrapper: Method | undefined;

  constructor(
    private readonly holder: Record<K, Method>,
    private readonly name: K,
    /** Makes the wrapper anew for each time; it calls what was there then. */
    private readonly wrap: (original: Method) => Method,
  ) {}

  need(who: object, isNeeded: boolean): void {
    if (isNeeded) this.#needed.add(who);
    else this.#needed.delete(who);
    if (this.#needed.size > 0) this.#put();
    else this.#take();
  }

  #put(): void {
    if (this.#wrapper !== undefined) return;
    this.#original = this.holder[this.name];
    this.#wrapper = this.wrap(this.#original);
    replace(this.holder, this.name, this.#wrapper);
  }

  /** Stays where somebody else has wrapped it since: it has nothing to do then. */
  #take(): void {
    if (this.#wrapper === undefined || this.holder[this.name] !== this.#wrapper) return;
    this.holder[this.name] = this.#original!;
    this.#wrapper = undefined;
  }
}
