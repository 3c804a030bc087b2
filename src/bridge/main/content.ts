/** What is served, whichever catalogue makes it: the configuration may change while streams are open. */

import type { ServedContent, ServedEntry, ServedSidecar, ServedSnapshot } from '../model';

type Listener = (changed: ReadonlySet<string>, receivedAt: number) => void;

export class SwitchableContent implements ServedContent {
  private current: ServedContent | undefined;
  private leave: (() => void) | undefined;
  private readonly listeners = new Set<Listener>();
  private sidecars: ReadonlyMap<string, ServedSidecar> | undefined;
  awaitsSidecars = false;

  get snapshot(): ServedSnapshot | undefined {
    const snapshot = this.current?.snapshot;
    return snapshot && this.sidecars ? { ...snapshot, sidecars: this.sidecars } : snapshot;
  }

  onChange(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Serves that from now on; what differs is a change like any other. */
  switchTo(content: ServedContent): void {
    const before = this.snapshot;
    this.leave?.();
    this.current = content;
    this.leave = content.onChange((changed, receivedAt) => this.tell(changed, receivedAt));
    const after = this.snapshot;
    if (before && after) this.tell(differences(before.entries, after.entries), performance.now());
  }

  /** They will be made: until then the question for them waits, unless there were some already. */
  awaitSidecars(): void {
    this.awaitsSidecars = this.sidecars === undefined;
  }

  /** Without Sidecars every proxy is told of everything, which is much, but works. */
  giveUpSidecars(): void {
    if (this.awaitsSidecars) this.setSidecars(new Map());
  }

  /** Serves these beside the entries; undefined: none are wanted. */
  setSidecars(sidecars: ReadonlyMap<string, ServedSidecar> | undefined): void {
    const before = this.sidecars ?? new Map<string, ServedSidecar>();
    const known = this.sidecars !== undefined;
    this.sidecars = sidecars;
    this.awaitsSidecars = false;
    const changed = differences(before, sidecars ?? new Map<string, ServedSidecar>());
    const isNews = changed.size > 0 || known !== (sidecars !== undefined);
    if (isNews && this.snapshot) this.tell(changed, performance.now());
  }

  private tell(changed: ReadonlySet<string>, receivedAt: number): void {
    for (const listener of this.listeners) listener(changed, receivedAt);
  }
}

type Entries = ReadonlyMap<string, ServedEntry | ServedSidecar>;

/** Names that came, went, or stand for another object. */
function differences(before: Entries, after: Entries): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [name, entry] of before) if (after.get(name as never) !== entry) names.add(name);
  for (const name of after.keys()) if (!before.has(name as never)) names.add(name);
  return names;
}
