/** A call that the route's fault policy holds back: nothing of it is counted, and nothing sent, before its time is over. */

import { delayed } from './local-reply';
import type { CallContext } from './routed';
import type { Matched, Router } from './router';
import type { Call, Delay, LocalReply } from './seam';

export class FaultDelay implements Delay {
  readonly kind = 'delay';
  private over = false;

  constructor(
    readonly ms: number,
    private readonly matched: Matched,
    private readonly router: Router,
    private readonly context: CallContext,
  ) {}

  next(now: number): Call | LocalReply | undefined {
    this.over = true;
    return this.router.abortOrGoOn(this.matched, now);
  }

  end(now: number, flag = ''): void {
    if (this.over) return;
    this.over = true;
    const { entry, beganAt } = this.matched;
    const { report, currentRoute } = this.context;
    const flags = delayed(flag);
    if (!report.wanted(flags)) return;
    report.ended({
      host: entry.host,
      cluster: '',
      endpoint: '',
      attempts: 0,
      flag: flags,
      status: 0,
      ms: now - beganAt,
      route: currentRoute(),
    });
  }
}
