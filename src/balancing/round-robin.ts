import { type Cursor, EdfSchedule, type EndpointState } from '../cluster';
import { type Picker, type Random, sameWeights, weightOf } from './picker';
import type { SlowStart } from './slow-start';

/** Picks skipped at most when a weighted schedule begins, so that many processes do not begin alike. */
const MAX_SKIPPED = 256;

/** One after the other; the cursor is kept across pushes. */
class EqualRoundRobin implements Picker {
  constructor(
    private readonly hosts: readonly EndpointState[],
    private readonly cursor: Cursor,
  ) {}
  pick(): EndpointState | undefined {
    const { hosts, cursor } = this;
    if (hosts.length === 0) return undefined;
    const at = cursor.position % hosts.length;
    cursor.position = at + 1;
    return hosts[at];
  }
}

class WeightedRoundRobin implements Picker {
  private readonly schedule: EdfSchedule<EndpointState>;
  constructor(
    hosts: readonly EndpointState[],
    random: Random,
    slowStart: SlowStart | undefined,
    private now: number,
  ) {
    this.schedule = new EdfSchedule(
      hosts,
      slowStart === undefined ? weightOf : (host) => weightOf(host) * slowStart.factor(host, this.now),
    );
    const skipped = Math.floor(random() * Math.min(hosts.length, MAX_SKIPPED));
    for (let i = 0; i < skipped; i++) this.schedule.pick();
  }
  pick(_random: Random, now: number): EndpointState | undefined {
    this.now = now;
    return this.schedule.pick();
  }
}

/** Envoy's ROUND_ROBIN: exact from the first request, by weight when weights differ or a host starts slowly. */
export function roundRobin(
  hosts: readonly EndpointState[],
  cursor: Cursor,
  random: Random,
  slowStart: SlowStart | undefined,
  now: number,
): Picker {
  return sameWeights(hosts) && !slowStart?.isActive(now)
    ? new EqualRoundRobin(hosts, cursor)
    : new WeightedRoundRobin(hosts, random, slowStart, now);
}
