import { EdfSchedule, type EndpointState } from '../cluster';
import { type Picker, type Random, sameWeights, weightOf } from './picker';
import type { SlowStart } from './slow-start';

/** Of `choiceCount` hosts drawn at random (a host may be drawn twice) the one with the fewest active requests. */
class LeastOfDrawn implements Picker {
  constructor(
    private readonly hosts: readonly EndpointState[],
    private readonly choiceCount: number,
  ) {}
  pick(random: Random): EndpointState | undefined {
    const { hosts, choiceCount } = this;
    let least = hosts[Math.floor(random() * hosts.length)];
    for (let drawn = 1; drawn < choiceCount && least !== undefined; drawn++) {
      const other = hosts[Math.floor(random() * hosts.length)] as EndpointState;
      if (other.activeRequests < least.activeRequests) least = other;
    }
    return least;
  }
}

/** With unequal weights or a host that starts slowly: weighted round robin with weight / (active + 1)^bias. */
class WeightedLeastRequest implements Picker {
  private readonly schedule: EdfSchedule<EndpointState>;
  constructor(
    hosts: readonly EndpointState[],
    bias: number,
    slowStart: SlowStart | undefined,
    private now: number,
  ) {
    this.schedule = new EdfSchedule(hosts, (host) => {
      const weight =
        slowStart === undefined ? weightOf(host) : weightOf(host) * slowStart.factor(host, this.now);
      return host.activeRequests === 0 || bias === 0 ? weight : weight / (host.activeRequests + 1) ** bias;
    });
  }
  pick(_random: Random, now: number): EndpointState | undefined {
    this.now = now;
    return this.schedule.pick();
  }
}

/** Envoy's LEAST_REQUEST. `choiceCount` below 2 counts as Envoy's default 2, a negative `bias` as 1. */
export function leastRequest(
  hosts: readonly EndpointState[],
  choiceCount: number,
  bias: number,
  slowStart: SlowStart | undefined,
  now: number,
): Picker {
  return sameWeights(hosts) && !slowStart?.isActive(now)
    ? new LeastOfDrawn(hosts, Math.max(choiceCount, 2))
    : new WeightedLeastRequest(hosts, bias >= 0 ? bias : 1, slowStart, now);
}
