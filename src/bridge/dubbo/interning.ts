type Params = Readonly<Record<string, string>>;

/** Equal parameter sets kept once: the providers of one interface mostly differ in nothing but their address. */
export class Interning {
  private readonly byText = new Map<string, Params>();
  private readonly byIdentity = new Map<Params, Params>();

  /** `known` are those that are kept already. */
  constructor(known: Iterable<{ readonly metadata: Params }> = []) {
    for (const { metadata } of known) this.of(metadata);
  }

  /** The first value given that has the same keys, in the same order, and values. It must not change any more. */
  of(value: Params): Params {
    let kept = this.byIdentity.get(value);
    if (kept) return kept;
    const text = JSON.stringify(value);
    kept = this.byText.get(text) ?? value;
    this.byText.set(text, kept);
    this.byIdentity.set(value, kept);
    return kept;
  }
}
