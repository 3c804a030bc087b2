/** Something that changes, and tests that wait for what becomes of it: woken by every change, not by a clock. */
export class Changes {
  readonly #waiting = new Set<() => void>();

  /** Whoever waits looks again. */
  tell(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** Resolves as soon as the condition holds; rejects with what it throws, or after `ms` with `complaint()`. */
  async until(holds: () => boolean, ms: number, complaint: () => string): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const end = (error?: unknown) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        if (error === undefined) resolve();
        else reject(error);
      };
      const look = () => {
        try {
          if (holds()) end();
        } catch (error) {
          end(error);
        }
      };
      const timer = setTimeout(() => end(new Error(complaint())), ms);
      this.#waiting.add(look);
    });
  }
}
