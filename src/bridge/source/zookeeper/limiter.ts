/** At most so many at once; the rest waits in the order in which it came. */
export class Limiter {
  private active = 0;
  private readonly waiting: (() => void)[] = [];
  private first = 0;

  constructor(private readonly most: number) {}

  /** Runs it when its turn has come; settles as it does. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.active >= this.most) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.active++;
    try {
      return await task();
    } finally {
      this.next();
    }
  }

  /** Hands the turn on; the list is cut when half of it is done, for `shift` costs too much with 30,000. */
  private next(): void {
    const next = this.waiting[this.first];
    if (!next) {
      this.active--;
      return;
    }
    this.first++;
    if (this.first * 2 > this.waiting.length) {
      this.waiting.splice(0, this.first);
      this.first = 0;
    }
    next();
  }
}
