import type { Answer } from './app';

export interface LoadReport {
  readonly sent: number;
  readonly failures: readonly string[];
  /** Milliseconds of the slowest answer. */
  readonly slowestMs: number;
}

/**
 * Load that does not wait for answers: `perSecond` requests each second, whatever becomes of them, as many
 * independent users make it. A failure is a rejected request or another status than 200.
 */
export class OpenLoad {
  private readonly began = performance.now();
  private readonly pending = new Set<Promise<void>>();
  private readonly failures: string[] = [];
  private readonly timer: NodeJS.Timeout;
  private sent = 0;
  private slowestMs = 0;

  constructor(
    private readonly send: () => Promise<Answer>,
    private readonly perSecond: number,
    /** Called with each answer. */
    private readonly onAnswer: (answer: Answer, sentAt: number) => void = () => undefined,
  ) {
    this.timer = setInterval(() => this.catchUp(), 5);
  }

  get inFlight(): number {
    return this.pending.size;
  }

  get failed(): readonly string[] {
    return this.failures;
  }

  /** Sends no more, waits for what is under way. */
  async stop(): Promise<LoadReport> {
    clearInterval(this.timer);
    await Promise.all(this.pending);
    return { sent: this.sent, failures: this.failures, slowestMs: this.slowestMs };
  }

  private catchUp(): void {
    const due = ((performance.now() - this.began) / 1000) * this.perSecond;
    while (this.sent < due) {
      this.sent++;
      const one: Promise<void> = this.one().finally(() => this.pending.delete(one));
      this.pending.add(one);
    }
  }

  private async one(): Promise<void> {
    const sentAt = performance.now();
    try {
      const answer = await this.send();
      if (answer.status !== 200) this.failures.push(`${answer.status} ${answer.body.slice(0, 200)}`);
      this.onAnswer(answer, sentAt);
    } catch (error) {
      this.failures.push(String(error));
    }
    this.slowestMs = Math.max(this.slowestMs, performance.now() - sentAt);
  }
}

/** Polls until `check` gives something else than undefined; the milliseconds it took come with it. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined> | T | undefined,
  timeoutMs = 10_000,
): Promise<{ value: T; ms: number }> {
  const began = performance.now();
  for (;;) {
    const value = await check();
    const ms = performance.now() - began;
    if (value !== undefined) return { value, ms };
    if (ms > timeoutMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
