import { type Cursor, EdfSchedule, type EndpointState } from '../cluster';
import { type Picker, type Random, sameWeights, weightOf } from './picker';

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
  constructor(hosts: readonly EndpointState[], random: Random) {
    this.schedule = new EdfSchedule(hosts, weightOf);
    const skipped = Math.floor(random() * Math.min(hosts.length, MAX_SKIPPED));
    for (let i = 0; i < skipped; i++) this.schedule.pick();
  }
  pick(): EndpointState | undefined {
    return this.schedule.pick();
  }
}

/** Envoy's ROUND_ROBIN: exact from the first request, by weight when weights differ. */
export function roundRobin(hosts: readonly EndpointState[], cursor: Cursor, random: Random): Picker {
  return sameWeights(hosts) ? new EqualRoundRobin(hosts, cursor) : new WeightedRoundRobin(hosts, random);
}
