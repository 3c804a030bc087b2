import type { RegistryService } from './service';

/**
 * First lists wait for the mesh, so that a process that asks once gets the whole answer, but not for long, and after
 * one wait in vain nothing waits until the link has been heard of again.
 */
export class Readiness {
  readonly #waiting = new Map<RegistryService, { readonly promise: Promise<void>; done(): void }>();
  #gaveUp = false;

  constructor(
    private readonly timeoutMs: number,
    private readonly later: (ms: number, action: () => void, alive?: boolean) => () => void,
  ) {}

  wait(service: RegistryService): Promise<void> | undefined {
    if (this.#gaveUp) return undefined;
    const known = this.#waiting.get(service);
    if (known !== undefined) return known.promise;
    let resolve!: () => void;
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    const cancel = this.later(
      this.timeoutMs,
      () => {
        this.#gaveUp = true;
        this.giveUp();
      },
      true,
    );
    const done = () => {
      cancel();
      this.#waiting.delete(service);
      resolve();
    };
    this.#waiting.set(service, { promise, done });
    return promise;
  }

  /** Some host has become known. */
  look(): void {
    this.#gaveUp = false;
    for (const [service, waiter] of [...this.#waiting]) if (service.meshKnown) waiter.done();
  }

  /** The link is there again. */
  hope(): void {
    this.#gaveUp = false;
  }

  /** There is nobody to wait for. */
  giveUp(): void {
    for (const waiter of [...this.#waiting.values()]) waiter.done();
  }
}
