import { askKey, type Batch, type HostAnswer } from '../protocol';
import type { ClusterUse } from './cluster-use';

/** What one message may hold: read in well under 5 ms on the main thread. */
const MOST_BYTES = 48 * 1024;
const MOST_ITEMS = 64;

/**
 * Changes on their way to the main thread. One batch is under way at a time; what changes meanwhile is sent once,
 * as it is then. Clusters go before the hosts that need them, those nobody needs go last.
 */
export class Outbox {
  readonly #changed = new Map<string, ClusterUse>();
  readonly #hosts = new Map<string, HostAnswer>();
  readonly #removed = new Set<string>();
  readonly #announced: Set<string>;
  #underWay = false;
  #scheduled = false;

  /** `announced`: clusters the main thread holds already. */
  constructor(
    readonly post: (batch: Batch) => void,
    announced: Iterable<string>,
  ) {
    this.#announced = new Set(announced);
  }

  /** Clusters the main thread holds, as far as sent. */
  get announced(): ReadonlySet<string> {
    return this.#announced;
  }

  cluster(use: ClusterUse): void {
    this.#removed.delete(use.name);
    if (!use.ready) return;
    this.#changed.set(use.name, use);
    this.#schedule();
  }

  host(answer: HostAnswer): void {
    this.#hosts.set(askKey(answer), answer);
    this.#schedule();
  }

  remove(cluster: string): void {
    this.#changed.delete(cluster);
    if (!this.#announced.has(cluster)) return;
    this.#removed.add(cluster);
    this.#schedule();
  }

  /** The main thread has read the batch under way. */
  read(): void {
    this.#underWay = false;
    this.#pump();
  }

  /** After this turn, so that all changes of one response make one batch. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#underWay) return;
    const batch = this.#fill();
    if (batch === undefined) return;
    this.#underWay = true;
    this.post(batch);
  }

  #fill(): Batch | undefined {
    let bytes = 0;
    let items = 0;
    const full = () => items >= MOST_ITEMS || bytes >= MOST_BYTES;
    const changed = [];
    for (const [name, use] of this.#changed) {
      if (full()) break;
      this.#changed.delete(name);
      this.#announced.add(name);
      bytes += use.cost;
      items++;
      changed.push(use.snapshot);
    }
    const hosts = [];
    for (const [key, answer] of this.#hosts) {
      if (full() || this.#changed.size > 0) break;
      this.#hosts.delete(key);
      items++;
      hosts.push(answer);
    }
    const removed = [];
    for (const name of this.#removed) {
      if (full() || this.#hosts.size > 0 || this.#changed.size > 0) break;
      this.#removed.delete(name);
      this.#announced.delete(name);
      items++;
      removed.push(name);
    }
    return items === 0 ? undefined : { changed, hosts, removed };
  }
}
