/**
 * Envoy's slow start: a host that joins gets its weight little by little over the window. Weight counts
 * `max((age / window) ^ (1 / aggression), minimum)` times.
 */

import type { EndpointState } from '../cluster';
import type { SlowStart as SlowStartSettings } from '../model';

export class SlowStart {
  /** When the youngest host joined. */
  private youngest = Number.NEGATIVE_INFINITY;
  private readonly power: number;
  private readonly least: number;

  /** `hosts` begin now unless they have begun before. */
  constructor(
    private readonly settings: SlowStartSettings,
    hosts: readonly EndpointState[],
    now: number,
  ) {
    this.power = 1 / settings.aggression;
    this.least = settings.minWeightPercent / 100;
    for (const host of hosts) {
      host.slowStartSince ??= now;
      if (host.slowStartSince > this.youngest) this.youngest = host.slowStartSince;
    }
  }

  /** Whether any host's weight is reduced. */
  isActive(now: number): boolean {
    return now - this.youngest <= this.settings.windowMs;
  }

  /** What a host's weight is multiplied with; in (0, 1]. */
  factor({ slowStartSince }: EndpointState, now: number): number {
    const { windowMs } = this.settings;
    const age = slowStartSince === undefined ? windowMs : now - slowStartSince;
    if (age >= windowMs) return 1;
    const share = Math.max(1, age) / windowMs;
    return Math.max(this.power === 1 ? share : share ** this.power, this.least);
  }
}
