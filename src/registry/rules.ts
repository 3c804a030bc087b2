/**
 * Settings per service: lists of `name=value`, where the name is that of a service, of a service of one kind of
 * registry (`eureka/ORDERS`), all of one kind (`eureka/*`) or all (`*`). The most exact one counts; case does not.
 */

export class Rules<T> {
  readonly #values = new Map<string, T>();

  /** `read` gives undefined for a value it does not understand; such rules were reported with the settings. */
  constructor(
    items: readonly string[],
    read: (value: string) => T | undefined,
    private readonly fallback: T,
  ) {
    for (const item of items) {
      const at = item.indexOf('=');
      const value = at < 0 ? undefined : read(item.slice(at + 1).trim());
      if (value !== undefined) this.#values.set(item.slice(0, at).trim().toLowerCase(), value);
    }
  }

  get(source: string, name: string): T {
    const values = this.#values;
    const lower = name.toLowerCase();
    return (
      values.get(`${source}/${lower}`) ??
      values.get(lower) ??
      values.get(`${source}/*`) ??
      values.get('*') ??
      this.fallback
    );
  }
}
