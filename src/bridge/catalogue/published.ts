/** Snapshots of the entries by name: each immutable, in byte order, and cheap after a change of few. */
import type { ServedEntry, ServedSnapshot } from '../model';

export class PublishedEntries {
  private readonly entries = new Map<string, ServedEntry>();
  /** In byte order, as of the last snapshot. */
  private names: readonly string[] = [];
  private readonly added = new Set<string>();
  private readonly removed = new Set<string>();
  private readonly replaced = new Set<string>();
  private last: ServedSnapshot = { entries: new Map() };

  /** One entry in the place of another; the names of both go to `changed`. */
  replace(before: ServedEntry | undefined, after: ServedEntry | undefined, changed: Set<string>): void {
    const old = before && nameOf(before);
    const name = after && nameOf(after);
    if (old !== undefined) changed.add(old);
    if (name !== undefined) changed.add(name);
    if (old !== undefined && old !== name) this.remove(old);
    if (name === undefined) return;
    if (old === name) this.replaced.add(name);
    else if (!this.removed.delete(name)) this.added.add(name);
    else this.replaced.add(name);
    this.entries.set(name, after!);
  }

  get snapshot(): ServedSnapshot {
    if (this.added.size + this.removed.size > 0) {
      this.names = merged(this.names, this.removed, [...this.added].sort());
      this.last = { entries: new Map(this.names.map((name) => [name, this.entries.get(name)!])) };
    } else if (this.replaced.size > 0) {
      const entries = new Map(this.last.entries);
      for (const name of this.replaced) entries.set(name, this.entries.get(name)!);
      this.last = { entries };
    }
    this.added.clear();
    this.removed.clear();
    this.replaced.clear();
    return this.last;
  }

  private remove(name: string): void {
    this.entries.delete(name);
    this.replaced.delete(name);
    if (!this.added.delete(name)) this.removed.add(name);
  }
}

/** Both lists are in byte order, and so is what comes of them. */
function merged(
  names: readonly string[],
  without: ReadonlySet<string>,
  added: readonly string[],
): readonly string[] {
  const all: string[] = [];
  let next = 0;
  for (const name of names) {
    while (next < added.length && added[next]! < name) all.push(added[next++]!);
    if (!without.has(name)) all.push(name);
  }
  while (next < added.length) all.push(added[next++]!);
  return all;
}

function nameOf({ namespace, name }: ServedEntry): string {
  return `${namespace}/${name}`;
}
