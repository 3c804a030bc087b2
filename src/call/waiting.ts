import type { LinkState } from '../model';
import { clearTimeout, setTimeout } from '../observe/native';
import type { HostEntry } from './host-entry';

type Answer = (ownership: 'ours' | 'not-ours') => void;

/** One parked call. Its timer keeps the process alive: the application waits for it. */
export interface Waiter {
  readonly entry: HostEntry;
  readonly answer: Answer;
  readonly timer: NodeJS.Timeout;
}

/** Who waits for which host, and whether waiting makes sense. */
export class Waiting {
  private readonly all = new Set<Waiter>();
  /** The link is known to be down and nothing is known without it. */
  private hopeless = false;
  /** A call has waited in vain: nothing waits again until the link says something. */
  private gaveUp = false;

  constructor(
    private readonly timeoutMs: number,
    private readonly onError: (error: unknown) => void,
  ) {}

  get allowed(): boolean {
    return !this.hopeless && !this.gaveUp;
  }

  onState(state: LinkState, hasViews: boolean): void {
    if (state === 'up') {
      this.hopeless = false;
      this.gaveUp = false;
    } else if (state === 'down') {
      this.hopeless = !hasViews;
      if (this.hopeless) this.releaseAll();
    } else if (hasViews) {
      this.hopeless = false;
    }
  }

  /** The link has said something: it is alive. */
  heard(): void {
    this.gaveUp = false;
  }

  /** Returns what takes the wait back. */
  add(entry: HostEntry, answer: Answer): () => void {
    const waiter: Waiter = { entry, answer, timer: setTimeout(() => this.giveUp(), this.timeoutMs) };
    this.all.add(waiter);
    if (entry.waiters === undefined) entry.waiters = [waiter];
    else entry.waiters.push(waiter);
    return () => this.drop(waiter);
  }

  /** Answers those who wait for a host, with what it is now. */
  settle(entry: HostEntry): void {
    const { waiters } = entry;
    if (waiters === undefined) return;
    entry.waiters = undefined;
    for (const waiter of waiters) {
      this.all.delete(waiter);
      clearTimeout(waiter.timer);
      try {
        waiter.answer(entry.ownership === 'ours' ? 'ours' : 'not-ours');
      } catch (error) {
        this.onError(error);
      }
    }
  }

  private giveUp(): void {
    this.gaveUp = true;
    this.releaseAll();
  }

  private releaseAll(): void {
    for (const { entry } of [...this.all]) this.settle(entry);
  }

  private drop(waiter: Waiter): void {
    if (!this.all.delete(waiter)) return;
    clearTimeout(waiter.timer);
    const left = waiter.entry.waiters?.filter((other) => other !== waiter);
    waiter.entry.waiters = left?.length === 0 ? undefined : left;
  }
}
