import type { FaultPolicy } from '../../model';
import { drawFraction } from '../match/fraction';

/** Envoy's fault filter: first the delay, then the abort, each drawn by itself. `random` is uniform in [0, 1). */
export class Fault {
  constructor(private readonly policy: FaultPolicy) {}

  /** Milliseconds that this call is held back; 0 = not drawn. */
  drawDelay(random: () => number): number {
    const { delay } = this.policy;
    return delay !== undefined && drawFraction(delay.fraction, random) ? delay.ms : 0;
  }

  /** Status that this call is answered with; 0 = not drawn. */
  drawAbort(random: () => number): number {
    const { abort } = this.policy;
    return abort !== undefined && drawFraction(abort.fraction, random) ? abort.status : 0;
  }
}
