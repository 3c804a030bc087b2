/** Chooses by a key: the same key leads to the same priority and host, as in Envoy's thread-aware balancers. */

import type { EndpointState, U64 } from '../../cluster';
import type { HostSet } from '../host-set';
import type { Random } from '../picker';
import { choosePriority, type PriorityLoad } from '../priority';
import { sharesOf } from './shares';
import { remainder } from './table';
import type { HashPolicyKind, HashTables, TableSlot } from './tables';

export class HashBalancer {
  private readonly slots = new Map<string, TableSlot>();

  constructor(
    sets: readonly HostSet[],
    private readonly load: PriorityLoad,
    policy: HashPolicyKind,
    localityWeighted: boolean,
    tables: HashTables,
    private readonly random: Random,
  ) {
    sets.forEach((set, at) => {
      for (const source of ['healthy', 'degraded'] as const) {
        if (!((load[source][at] as number) > 0)) continue;
        const name = `${at}/${load.panic[at] ? 'all' : source}`;
        const slot = tables.slot(name);
        slot.follow(sharesOf(set, load.panic[at] ? 'all' : source, localityWeighted), policy);
        this.slots.set(name, slot);
      }
    });
    tables.keep(this.slots);
  }

  /** Without a key a random host. Further picks for another host than those `tried` go on from the key's place. */
  pick(
    tried: readonly EndpointState[] | undefined,
    reselections: number,
    key: U64 | undefined,
  ): EndpointState | undefined {
    const hash = key ?? this.anyKey();
    const { at, source } = choosePriority(this.load, () => (remainder(hash, 100) + 0.5) / 100);
    const slot = this.slots.get(`${at}/${source}`);
    if (slot === undefined) return undefined;
    let host = slot.choose(hash, 0, this.random);
    for (let attempt = 1; attempt <= reselections; attempt++) {
      if (tried === undefined || host === undefined || !tried.includes(host)) break;
      host = slot.choose(hash, attempt, this.random);
    }
    return host;
  }

  private anyKey(): U64 {
    return { hi: Math.floor(this.random() * 0x100000000), lo: Math.floor(this.random() * 0x100000000) };
  }
}
