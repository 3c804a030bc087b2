/** What cannot be served of one service, gathered while it is converted; alike findings become one rejection. */

import type { Rejection } from '../model';

/** A service with garbage in every label of every instance still says only so much. */
const MOST_PER_CODE = 10;

interface Finding {
  readonly code: string;
  readonly instance: string | undefined;
  readonly reason: string;
  count: number;
}

export class Findings {
  private readonly found = new Map<string, Finding>();
  private readonly perCode = new Map<string, number>();

  constructor(
    private readonly source: string,
    private readonly service: string,
  ) {}

  /** Of one instance: each is listed. */
  ofInstance(code: string, instance: string, reason: string): void {
    this.add(`${code} ${instance} ${reason}`, code, instance, reason);
  }

  /** Of the service, or of many of its instances alike: listed once, with their number. */
  ofService(code: string, reason: string): void {
    this.add(`${code} ${reason}`, code, undefined, reason);
  }

  private add(key: string, code: string, instance: string | undefined, reason: string): void {
    const known = this.found.get(key);
    if (known) {
      known.count++;
      return;
    }
    const listed = this.perCode.get(code) ?? 0;
    this.perCode.set(code, listed + 1);
    if (instance === undefined && listed >= MOST_PER_CODE) return;
    this.found.set(key, { code, instance, reason, count: 1 });
  }

  list(): Rejection[] {
    const { source, service } = this;
    return [...this.found.values()].map(({ code, instance, reason, count }) => ({
      source,
      service,
      ...(instance === undefined ? {} : { instance }),
      code,
      reason: count > 1 ? `${reason} (${count} times)` : reason,
    }));
  }
}
