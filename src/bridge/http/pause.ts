/** Waiting that can be cut short. */

export class Pause {
  private timer: NodeJS.Timeout | undefined;
  private resume: (() => void) | undefined;
  private isOver = false;

  /** Resolves after `ms` milliseconds, or at once after `end`. One wait at a time. */
  wait(ms: number): Promise<void> {
    if (this.isOver) return Promise.resolve();
    return new Promise((resolve) => {
      this.resume = resolve;
      this.timer = setTimeout(resolve, ms);
    });
  }

  /** Ends the present wait and all later ones. */
  end(): void {
    this.isOver = true;
    clearTimeout(this.timer);
    this.resume?.();
  }
}
