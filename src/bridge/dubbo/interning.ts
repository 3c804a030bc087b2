/** Equal parameter sets kept once: the providers of one interface mostly differ in nothing but their address. */
export class Interning {
  private readonly known = new Map<string, Readonly<Record<string, string>>>();

  /** The first value given that has the same keys, in the same order, and values. It must not change any more. */
  of(value: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const text = JSON.stringify(value);
    const known = this.known.get(text);
    if (known) return known;
    this.known.set(text, value);
    return value;
  }
}
