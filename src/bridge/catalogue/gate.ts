/** When the first ServiceEntries may be sent: a premature answer would wipe the mesh, as istiod deletes what is absent. */
import type { Clock } from './clock';
import type { CatalogueSourceConfig } from './config';

export class Gate {
  private readonly waitingFor = new Set<string>();
  private readonly undo: (() => void)[] = [];
  private opened = false;

  constructor(
    private readonly clock: Clock,
    private readonly open: () => void,
    /** A source was not read in time, and is no longer waited for. */
    private readonly late: (source: string) => void,
  ) {}

  get isOpen(): boolean {
    return this.opened;
  }

  /** Sources that it waits for. */
  get waiting(): ReadonlySet<string> {
    return this.waitingFor;
  }

  /** Begins to wait; opens at once when there is nothing to wait for. */
  start(
    sources: readonly (CatalogueSourceConfig & { readonly name: string; readonly isKnown: boolean })[],
  ): void {
    for (const { name, isKnown, required, syncTimeoutMs } of sources) {
      if (isKnown) continue;
      this.waitingFor.add(name);
      if (required) continue;
      const timedOut = () => {
        if (!this.waitingFor.has(name)) return;
        this.late(name);
        this.ready(name);
      };
      this.undo.push(this.clock.after(syncTimeoutMs, timedOut));
    }
    this.check();
  }

  /** The source was read, or is not to be waited for any more. */
  ready(source: string): void {
    if (this.waitingFor.delete(source)) this.check();
  }

  close(): void {
    for (const undo of this.undo) undo();
  }

  private check(): void {
    if (this.opened || this.waitingFor.size > 0) return;
    this.opened = true;
    this.close();
    this.open();
  }
}
