import type { FeedListener, HostService, LinkState, MeshFeed } from '../model';

/** Asks whether the link may be made; `false` closes the gate for good. */
export type Gate = (answer: (open: boolean) => void) => void;

interface Question {
  readonly scheme: 'http' | 'https';
  readonly port: number;
  readonly host: string;
}

/**
 * A feed whose link is made only when the gate says so: looking for a sidecar must not cost the start of a
 * process, and no worker may start beside one. Shut, it is a link that is down and knows nothing.
 */
export class GatedFeed implements MeshFeed {
  #phase: 'idle' | 'asking' | 'shut' | 'open' = 'idle';
  /** Once the gate is open. */
  #link: MeshFeed | undefined;
  /** Perhaps made before that. */
  #made: MeshFeed | undefined;
  readonly #listeners: FeedListener[] = [];
  readonly #questions: Question[] = [];

  constructor(
    private readonly gate: Gate,
    private readonly createLink: () => MeshFeed,
    /** Hears of a link that cannot be made; the feed is shut then. The gate answers out of a socket's event. */
    private readonly failed: (error: unknown) => void,
  ) {}

  get state(): LinkState {
    if (this.#link !== undefined) return this.#link.state;
    if (this.#phase === 'idle') return 'idle';
    return this.#phase === 'asking' ? 'connecting' : 'down';
  }

  start(): void {
    if (this.#phase !== 'idle') return;
    this.#phase = 'asking';
    this.gate((open) => {
      if (open) this.#open();
      else this.#shut();
    });
  }

  /** Makes the link without starting it. */
  prepare(): void {
    this.#made ??= this.createLink();
  }

  ask(scheme: 'http' | 'https', port: number, host: string): void {
    if (this.#link !== undefined) this.#link.ask(scheme, port, host);
    else if (this.#phase !== 'shut') this.#questions.push({ scheme, port, host });
  }

  answer(scheme: 'http' | 'https', port: number, host: string): HostService | null | undefined {
    return this.#link?.answer(scheme, port, host);
  }

  listen(listener: FeedListener): void {
    this.#listeners.push(listener);
    if (this.#link !== undefined) this.#link.listen(listener);
    else if (this.#phase === 'shut') listener.onState('down', false);
  }

  #open(): void {
    try {
      this.prepare();
    } catch (error) {
      this.failed(error);
      this.#shut();
      return;
    }
    const link = this.#made!;
    this.#phase = 'open';
    this.#link = link;
    for (const listener of this.#listeners) link.listen(listener);
    link.start();
    for (const { scheme, port, host } of this.#questions.splice(0)) link.ask(scheme, port, host);
  }

  #shut(): void {
    this.#phase = 'shut';
    this.#questions.length = 0;
    for (const listener of this.#listeners) listener.onState('down', false);
  }
}
