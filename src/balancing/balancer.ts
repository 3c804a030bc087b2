/**
 * Chooses the endpoint of an attempt: priority by health, locality by weight, host by the cluster's policy. Made anew
 * for every push and change of health; what must survive that is in `cluster/`.
 */

import type { ClusterState, EdfSchedule, EndpointState, U64 } from '../cluster';
import type { ClusterSnapshot, LoadBalancingPolicy } from '../model';
import type { Clock } from './clock';
import { HashBalancer, HashTables } from './hash';
import { buildHostSets, type HostSet, type LocalityHosts } from './host-set';
import { leastRequest } from './least-request';
import { localitySchedule } from './locality';
import type { Picker, Random } from './picker';
import { choosePriority, type HostSource, type PriorityLoad, priorityLoad } from './priority';
import { RandomChoice } from './random';
import { roundRobin } from './round-robin';
import { SlowStart } from './slow-start';

export class Balancer {
  private readonly policy: LoadBalancingPolicy;
  private readonly sets: readonly HostSet[];
  private readonly load: PriorityLoad;
  /** Set when every pick is from the healthy hosts of one priority without locality weights: nearly always. */
  private readonly only: Picker | undefined;
  private readonly pickers = new Map<readonly EndpointState[], Picker>();
  private readonly hashing: HashBalancer | undefined;
  private readonly slowStart: SlowStart | undefined;
  private readonly schedules = new Map<string, EdfSchedule<LocalityHosts>>();

  constructor(
    private readonly snapshot: ClusterSnapshot,
    private readonly state: ClusterState,
    private readonly random: Random,
    isOut: (host: EndpointState) => boolean = never,
    private readonly clock: Clock = STILL,
    tables: HashTables = new HashTables(clock),
  ) {
    const { cluster, endpoints } = snapshot;
    this.policy = { ...cluster.loadBalancing };
    this.sets = buildHostSets(endpoints, state, isOut);
    this.load = priorityLoad(this.sets, endpoints.overprovisioningFactor, cluster.healthyPanicThreshold);
    if (this.policy.kind === 'RING_HASH' || this.policy.kind === 'MAGLEV') {
      const { localityWeighted } = cluster;
      this.hashing = new HashBalancer(this.sets, this.load, this.policy, localityWeighted, tables, random);
      return;
    }
    tables.keep(NO_TABLES);
    this.slowStart = this.startSlowly();
    const first = this.load.healthy.indexOf(100);
    if (first >= 0 && !this.load.panic[first] && !cluster.localityWeighted) {
      this.only = this.picker((this.sets[first] as HostSet).healthy, `${first}/healthy`);
    }
  }

  private startSlowly(): SlowStart | undefined {
    const settings = 'slowStart' in this.policy ? this.policy.slowStart : undefined;
    if (settings === undefined) return undefined;
    return new SlowStart(
      settings,
      this.sets.flatMap((set) => set.healthy),
      this.clock.now(),
    );
  }

  /**
   * undefined = no healthy upstream. `tried` are the hosts this call has used: up to `reselections` further picks are
   * made to find another one, then the last pick is taken, tried or not (Envoy's `host_selection_retry_max_attempts`). `key` is
   * what the hash policies made of the request, for RING_HASH and MAGLEV. `now`: monotonic milliseconds.
   */
  pick(
    tried: readonly EndpointState[] | undefined,
    reselections: number,
    now = 0,
    key?: U64,
  ): EndpointState | undefined {
    if (this.hashing !== undefined) return this.hashing.pick(tried, reselections, key);
    let host = this.pickOnce(now);
    if (tried === undefined) return host;
    for (let again = 0; again < reselections && host !== undefined && tried.includes(host); again++) {
      host = this.pickOnce(now);
    }
    return host;
  }

  private pickOnce(now: number): EndpointState | undefined {
    if (this.only !== undefined) return this.only.pick(this.random, now);
    if (this.sets.length === 0) return undefined;
    const { at, source } = choosePriority(this.load, this.random);
    const set = this.sets[at] as HostSet;
    if (source !== 'all' && this.snapshot.cluster.localityWeighted) {
      const locality = this.schedule(at, source).pick();
      if (locality !== undefined) {
        return this.picker(locality[source], `${at}/${set.localities.indexOf(locality)}/${source}`).pick(
          this.random,
          now,
        );
      }
    }
    return this.picker(set[source], `${at}/${source}`).pick(this.random, now);
  }

  private schedule(at: number, source: HostSource): EdfSchedule<LocalityHosts> {
    const key = `${at}/${source}`;
    let schedule = this.schedules.get(key);
    if (schedule === undefined) {
      const { localities } = this.sets[at] as HostSet;
      schedule = localitySchedule(localities, source, this.snapshot.endpoints.overprovisioningFactor);
      this.schedules.set(key, schedule);
    }
    return schedule;
  }

  private picker(hosts: readonly EndpointState[], name: string): Picker {
    let picker = this.pickers.get(hosts);
    if (picker === undefined) {
      picker = this.createPicker(hosts, name);
      this.pickers.set(hosts, picker);
    }
    return picker;
  }

  private createPicker(hosts: readonly EndpointState[], name: string): Picker {
    const { policy } = this;
    switch (policy.kind) {
      case 'ROUND_ROBIN': {
        const start = Math.floor(this.random() * hosts.length);
        const cursor = this.state.cursor(name, start);
        return roundRobin(hosts, cursor, this.random, this.slowStart, this.clock.now());
      }
      case 'LEAST_REQUEST':
        return leastRequest(
          hosts,
          policy.choiceCount,
          policy.activeRequestBias,
          this.slowStart,
          this.clock.now(),
        );
      default:
        return new RandomChoice(hosts);
    }
  }
}

const NO_TABLES: ReadonlySet<string> = new Set();

/** Time does not pass, and everything is done at once. */
const STILL: Clock = { now: () => 0, soon: (work) => work() };

function never(): boolean {
  return false;
}
