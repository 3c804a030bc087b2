import type { EndpointState } from '../cluster';
import type { Picker, Random } from './picker';

/** Envoy's RANDOM: every host alike, whatever its weight. */
export class RandomChoice implements Picker {
  constructor(private readonly hosts: readonly EndpointState[]) {}
  pick(random: Random): EndpointState | undefined {
    return this.hosts[Math.floor(random() * this.hosts.length)];
  }
}
